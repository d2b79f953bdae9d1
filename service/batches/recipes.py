"""The recipes of a batch: calls with places in them that the values of each item fill."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from likeness.contract.batches import PLACE, names_in
from likeness.contract.errors import InvalidField
from likeness.contract.options import ImageOfJob
from likeness.contract.packshots import Check, Cutout, Packshot
from likeness.contract.tasks import Customise, Generate, Recreate
from service.jobs.submission import Model, Submission, Upload, pictures_said, source_of, submitted, typed

KINDS: Final[dict[str, Model]] = {
    "recreate": Recreate,
    "customise": Customise,
    "generate": Generate,
    "cutout": Cutout,
    "packshot": Packshot,
    "check": Check,
}
NAME: Final = "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
COMPARE: Final = (
    "a comparison is no recipe, since of each job a batch keeps one image: make each of its runs a recipe of its own, "
    "and the manifest compares them, with an image, a verdict and figures for each"
)
LONGEST_INLINE: Final = 64 * 1024
"""Bytes of an image that stands in a recipe itself."""
OF_BATCH: Final = ("priority", "webhook", "reference")
"""Fields of a call that are said of the whole batch or of its items, if at all."""


class BatchRecipe(BaseModel):
    """One recipe: its name, and a call of the API."""

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)

    name: str = Field(pattern=NAME, description="names the results")
    kind: str = Field(default="customise", description=f"the call: {', '.join(KINDS)}")


@dataclass(frozen=True)
class Recipe:
    """A recipe that was read: which call it is, and the fields of that, with places for an item's values."""

    name: str
    model: Model
    fields: dict[str, Any]
    uses: frozenset[str]
    """The names of the values that it uses."""

    @classmethod
    def of(cls, given: dict[str, Any]) -> "Recipe":
        """Return the recipe that an object describes, without its name and kind checked. Raises InvalidField."""
        fields = {name: value for name, value in given.items() if name not in ("name", "kind") and value is not None}
        kind = str(given.get("kind", "customise"))
        if kind == "compare":
            raise InvalidField.at("kind", COMPARE)
        if kind not in KINDS:
            raise InvalidField.at("kind", f"one of {', '.join(KINDS)}")
        if stray := next((name for name in OF_BATCH if name in fields), None):
            raise InvalidField.at(
                stray, "not in a recipe: items have references, and the batch its webhook and the priority `batch`"
            )
        if "image" in fields:
            raise InvalidField.at("image", "each item has its own")
        return cls(str(given.get("name", "")), KINDS[kind], fields, frozenset(names_in(fields)))

    @property
    def needs_image(self) -> bool:
        """Whether its items must have an image."""
        return self.model is not Generate

    def filled(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return its fields with an item's values in their places. Raises InvalidField for a value that is missing.

        A place that is all of a text becomes the value as it is, a number a number; where it is all of a field, a text
        is read as a form's part would be, since all values of a CSV are texts.
        """
        filled = {}
        for name, value in self.fields.items():
            whole = isinstance(value, str) and PLACE.fullmatch(value)
            made = _filled(value, values)
            filled[name] = typed(name, made, self.model) if whole and isinstance(made, str) else made
        return filled

    def submission(
        self,
        values: Mapping[str, Any],
        image: Upload | ImageOfJob | str | None,
        reference: str | None = None,
    ) -> Submission:
        """Return what an item with these values submits. Raises InvalidField.

        Of its files those that were uploaded are named as `upload:` and their sha256.
        """
        fields = {name: _reference(value) for name, value in self.filled(values).items()}
        texts = pictures_said(fields, self.model)
        files = {name: _source(name, text) for name, text in texts.items()}
        said = {"priority": "batch"} | ({} if reference is None else {"reference": reference})
        return submitted({**fields, **said}, image, files, self.model)


def _source(name: str, text: str) -> Upload | str:
    return text if text.startswith("upload:") else source_of(name, text, LONGEST_INLINE)


def _reference(value: Any) -> Any:  # noqa: ANN401  any JSON value
    """Return `{"upload": sha256}` as the text for it, and anything else as it is."""
    if isinstance(value, dict) and set(value) == {"upload"}:
        return f"upload:{value['upload']}"
    return value


def _filled(value: Any, values: Mapping[str, Any]) -> Any:  # noqa: ANN401  any JSON value
    if isinstance(value, dict):
        return {name: _filled(inner, values) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, values) for inner in value]
    if not isinstance(value, str):
        return value
    whole = PLACE.fullmatch(value)
    if whole and whole[1]:
        return _value(whole[1], values)
    return PLACE.sub(lambda found: str(_value(found[1], values)) if found[1] else found[0][0], value)


def _value(name: str, values: Mapping[str, Any]) -> Any:  # noqa: ANN401  any JSON value
    if name not in values:
        raise InvalidField.at(name, "missing: a recipe uses it")
    return values[name]
