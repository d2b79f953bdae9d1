"""The items of a batch: what one is, and where its image is from."""

import re
from dataclasses import dataclass
from typing import Any, Final

from likeness.contract.errors import InvalidField, RequestError
from likeness.contract.labels import MAX_REFERENCE, breaks_line
from likeness.contract.options import MOST_MADE, ImageOfJob
from service.batches.rows import Row
from service.http.fetch import checked_url

UPLOAD: Final = re.compile("upload:([0-9a-f]{64})")
OF_JOB: Final = re.compile("job:([0-9a-f]{32})(?:/([0-9]{1,3}))?")
OWN: Final = ("reference", "image", "set")
IMAGE: Final = (
    'an https URL, {"upload": sha256} or {"job": id, "image": number}; in a CSV also upload:SHA256 or job:ID/NUMBER'
)
Source = ImageOfJob | str
"""A job's image, a URL, or `upload:` and a sha256."""


@dataclass(frozen=True)
class Item:
    """One item: what it is called, where its image is from, the set it belongs to, and the values of its own."""

    reference: str
    image: Source | None
    set: str | None
    values: dict[str, Any]

    @classmethod
    def of(cls, row: Row) -> "Item":
        """Return the item of a row. Raises InvalidField naming the field."""
        values = {name: value for name, value in row.fields.items() if name not in OWN}
        reference = row.fields.get("reference")
        if reference is None:
            raise InvalidField.at("reference", "missing: every item needs one")
        image = row.fields.get("image")
        return cls(
            reference=_text("reference", reference),
            image=None if image is None else source_of(image),
            set=None if row.fields.get("set") is None else _text("set", row.fields["set"]),
            values=values,
        )

    def as_json(self) -> dict[str, Any]:
        """Return it as it is stored."""
        image = self.image.model_dump() if isinstance(self.image, ImageOfJob) else self.image
        stored = {"reference": self.reference, "image": image, "set": self.set, "values": self.values}
        return {name: value for name, value in stored.items() if value not in (None, {})}

    @classmethod
    def stored(cls, fields: dict[str, Any]) -> "Item":
        """Return the item that was stored so."""
        image = fields.get("image")
        source = ImageOfJob.model_validate(image) if isinstance(image, dict) else image
        return cls(fields["reference"], source, fields.get("set"), fields.get("values", {}))


def source_of(image: Any) -> Source:  # noqa: ANN401  any JSON value
    """Return where an image is from. Raises InvalidField."""
    if isinstance(image, dict):
        image = _as_text(image)
    if not isinstance(image, str):
        raise InvalidField.at("image", IMAGE)
    if UPLOAD.fullmatch(image):
        return image
    if found := OF_JOB.fullmatch(image):
        number = int(found[2] or 0)
        if number > MOST_MADE:
            raise InvalidField.at("image", IMAGE)
        return ImageOfJob(job=found[1], image=number)
    try:
        checked_url(image)
    except RequestError as error:
        raise InvalidField.at("image", IMAGE if "://" not in image else error.detail) from error
    return image


def _as_text(image: dict[str, Any]) -> str:
    if set(image) == {"upload"}:
        return f"upload:{image['upload']}"
    if "job" in image and set(image) <= {"job", "image"} and type(image.get("image", 0)) is int:
        return f"job:{image['job']}/{image.get('image', 0)}"
    raise InvalidField.at("image", IMAGE)


def _text(name: str, value: Any) -> str:  # noqa: ANN401  any JSON value
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_REFERENCE or any(map(breaks_line, value)):
        raise InvalidField.at(name, f"a text of 1 to {MAX_REFERENCE} printable characters")
    return value
