"""How a caller finds a job again: a reference and metadata of the caller's own, and the name of the file that was sent.

No engine, recipe or batch key sees any of it, so jobs share a run whatever they are called.
"""

import json
import re
import unicodedata
from typing import Annotated, Final
from urllib.parse import quote

from pydantic import AfterValidator, BaseModel, Field

from likeness.contract.strict import Strict

MAX_REFERENCE: Final = 200
MAX_PAIRS: Final = 10
RECIPE_PATTERN: Final = "^[a-z0-9][a-z0-9_-]{0,63}$"
MAX_NAME: Final = 40
MAX_VALUE: Final = 200
MAX_FILENAME: Final = 200
MAX_STEM: Final = 80
"""Characters, but of MAX_PAIRS."""
BREAKING: Final = ("Cc", "Cs", "Zl", "Zp")
"""Unicode categories: control characters, lone surrogates, and separators of lines and paragraphs."""


def breaks_line(character: str) -> bool:
    """Return whether a character is a control character, a lone surrogate or a separator of lines."""
    return unicodedata.category(character) in BREAKING


def _on_one_line(text: str) -> str:
    if any(map(breaks_line, text)):
        raise ValueError("control characters and line breaks are not allowed")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("blank")
    return text


ReferenceText = Annotated[
    str, Field(min_length=1, max_length=MAX_REFERENCE), AfterValidator(_on_one_line), AfterValidator(_not_blank)
]
MetadataName = Annotated[
    str, Field(min_length=1, max_length=MAX_NAME), AfterValidator(_on_one_line), AfterValidator(_not_blank)
]
MetadataValue = Annotated[str, Field(max_length=MAX_VALUE), AfterValidator(_on_one_line)]
RecipeName = Annotated[str, Field(pattern=RECIPE_PATTERN)]
Metadata = dict[MetadataName, MetadataValue]


class Labelled(BaseModel):
    """What every job is called by, and the recipe that its other fields come from; never written with a task."""

    recipe: RecipeName | None = Field(
        default=None,
        exclude=True,
        description="name of a saved recipe (`PUT /recipes/{name}`): its fields hold where this call has none of its "
        "own",
    )

    reference: ReferenceText | None = Field(
        default=None,
        exclude=True,
        description="your name for the job, such as a SKU: returned with it, and `GET /jobs?reference=` finds it; "
        "several jobs may have the same one",
    )
    metadata: Metadata = Field(
        default={},
        max_length=MAX_PAIRS,
        exclude=True,
        description=f"up to {MAX_PAIRS} pairs of texts of yours, returned with the job: names of at most {MAX_NAME} "
        f"characters, values of at most {MAX_VALUE}",
    )

    @property
    def labelled(self) -> bool:
        """Whether it has a reference or metadata."""
        return bool(self.reference or self.metadata)

    @property
    def labels_text(self) -> str:
        """The reference and the metadata as one text, equal for equal ones; empty where there are none."""
        return json.dumps([self.reference, self.metadata], sort_keys=True) if self.labelled else ""


class Labels(Strict):
    """How a job is found again, as it is kept with the job."""

    reference: str | None = Field(default=None, description="the caller's name for the job")
    metadata: dict[str, str] = Field(default={}, description="pairs of texts of the caller's")
    filename: str | None = Field(default=None, description="name of the file that was sent as `image`; null if none")
    recipe: str | None = Field(default=None, description="the saved recipe that the call named")


def safe_name(reference: str) -> str:
    """Return a reference as the name of a file on any system, without a suffix; empty where nothing of it is left.

    What is no letter, digit, dot, - or _ becomes a hyphen; it begins with no dot and has at most MAX_STEM characters.
    """
    text = unicodedata.normalize("NFC", reference)
    kept = "".join(one if one.isalnum() or one in "._-" else "-" for one in text)
    return re.sub(r"\.{2,}", ".", re.sub("-{2,}", "-", kept)).strip(".-")[:MAX_STEM].rstrip(".-")


def disposition(name: str) -> str:
    """Return the Content-Disposition of a file to show: its name in ASCII, and whole where that differs (RFC 6266)."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^ !#-.0-\[\]-~]", "_", plain)  # no quote, backslash, slash or control character
    whole = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'inline; filename="{plain}"{whole}'


def filename_of(sent: str | None) -> str | None:
    """Return the last part of the path that a caller named a file, what does not fit on a line left out."""
    last = (sent or "").replace("\\", "/").rpartition("/")[2]
    return "".join(one for one in last if not breaks_line(one)).strip()[:MAX_FILENAME] or None
