"""What a job is asked to do, told apart by `kind`."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from likeness.contract.editing import EDIT_FIELDS as EDIT_FIELDS
from likeness.contract.editing import FILES as FILES
from likeness.contract.editing import MAX_EDITS, REFERENCES, SHARED, EditFields, OneEdit
from likeness.contract.editing import Control as Control
from likeness.contract.editing import ControlKind as ControlKind
from likeness.contract.editing import EditType as EditType
from likeness.contract.labels import Labelled
from likeness.contract.options import HEX_COLOUR, Lora
from likeness.contract.packshots import Check, Cutout, Packshot
from likeness.contract.parameters import Parameters, PictureParameters, Prompt
from likeness.contract.report import EditThresholds, Thresholds
from likeness.contract.scheduling import Keep, Priority, Webhook

MIN_SIDE, MAX_SIDE = 64, 4096
"""Px; of an image that is generated."""
LOSSY_LOCK_QUALITY = 95
"""The least quality of a JPEG with a protected area."""


class OutputFormat(StrEnum):
    """The file format of the images that come back."""

    SAME = "same"
    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"


class Order(Parameters, Labelled):
    """What every job that makes images may ask for."""

    engine: str | None = Field(default=None, max_length=64, description="name of an engine; the default if omitted")
    loras: list[Lora] = Field(default=[], max_length=4, description="LoRA adapters to use")
    exact: bool = Field(default=False, description="run alone, for byte-identical output")
    candidates: int = Field(default=1, ge=1, le=8, description="number of images to make per attempt")
    keep: Keep = Field(default=Keep.BEST, description="which candidates to return")
    attempts: int = Field(
        default=1,
        ge=1,
        le=5,
        description="maximum number of attempts, with new seeds, until a candidate is not rejected",
    )
    priority: Priority = Field(default=Priority.INTERACTIVE)
    webhook: Webhook = None
    quality: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description="for jpeg (default 95) and webp (default 92); other formats have no quality",
    )


class PictureOrder(Order, PictureParameters):
    """What every job that works on a given image may ask for."""


class Recreate(PictureOrder):
    """Recreate an image as exactly as the engine can."""

    kind: Literal["recreate"] = "recreate"
    format: OutputFormat = Field(default=OutputFormat.SAME, description="file format; must support the frame")
    thresholds: Thresholds = Field(default_factory=Thresholds, description="acceptance thresholds of a candidate")


class Customise(PictureOrder, EditFields):
    """Change an image: by instruction, exact colour, print, style, mask, guide or control map, or by several edits."""

    kind: Literal["customise"] = "customise"
    edits: list[OneEdit] = Field(
        default=[],
        max_length=MAX_EDITS,
        description=f"up to {MAX_EDITS} edits, made in order, each of what the one before made; beside them only a "
        "`mask` and `preserve` that hold through all of them, and what concerns the whole job. The last may be a "
        "cut-out or a packshot, which changes the frame",
    )
    images: list[Literal["file"]] = Field(
        default=[],
        max_length=len(REFERENCES),
        description="further images that the instruction speaks of, such as a second product, a scene or a style: "
        "`image 2` is the first of them, `image 1` the one that is edited. None of them is cropped",
    )
    flatten: str | None = Field(
        default=None,
        pattern=HEX_COLOUR,
        description="the colour that a cut-out is laid on: its alpha goes, and the result is opaque (RGB, or L). "
        "Without it the result keeps the alpha, and a new background stays hidden; an opaque image stays as it is",
    )
    format: OutputFormat | None = Field(
        default=None,
        description="default: the format of the original, or png if that cannot keep a protected area exactly",
    )
    lossy_lock: bool = Field(
        default=False,
        description="return a JPEG of quality 95 or more although it has a protected area; `locked` then tells how far "
        "compression changed it",
    )
    thresholds: EditThresholds = Field(
        default_factory=EditThresholds, description="acceptance thresholds of a candidate"
    )

    @model_validator(mode="after")
    def _edits_stand_alone(self) -> Self:
        if not self.edits:
            return self
        beside = [
            name
            for name in (*EditFields.model_fields, "engine", "loras")
            if name not in SHARED and getattr(self, name) not in (None, [])
        ]
        beside += ["images"] if self.images else []
        if beside:
            raise ValueError(f"{', '.join(beside)}: say it in edits, of each edit")
        if self.keep is not Keep.BEST:
            raise ValueError("edits are made of the best candidate of the one before; leave keep out")
        return self

    @model_validator(mode="after")
    def _images_are_spoken_of(self) -> Self:
        if self.images and not self.edits and self.instruction is None:
            raise ValueError("images need an instruction that says what each of them is for")
        return self

    @model_validator(mode="after")
    def _lossy_lock_locks(self) -> Self:
        if self.lossy_lock and not self.locks:
            raise ValueError("lossy_lock needs a protected area: mask, preserve, text, logo or complete")
        if self.lossy_lock and self.quality is not None and self.quality < LOSSY_LOCK_QUALITY:
            raise ValueError(f"lossy_lock needs a quality of at least {LOSSY_LOCK_QUALITY}; or omit quality")
        return self

    @property
    def locks(self) -> bool:
        """Whether some pixels must come back exactly: of several edits, whether the last keeps some."""
        return bool(self.mask or self.preserve or (self.edits[-1] if self.edits else self).locks_own)

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the files that must be sent beside the image."""
        own = {name for name in FILES if any(getattr(one, name) == "file" for one in (self, *self.edits))}
        own.update(*(edit.finish.files for edit in self.edits if edit.finish))
        return tuple(name for name in (*FILES, "background") if name in own) + REFERENCES[: len(self.images)]

    def _wishes(self) -> list[str]:
        return ["edits"] if self.edits else super()._wishes()


class Generate(Order):
    """Make a new image: from text, or of a learned kind."""

    kind: Literal["generate"] = "generate"
    prompt: Prompt | None = Field(
        default=None,
        description="what the image shows; required by engines with a prompt, rejected by others",
    )
    width: int | None = Field(
        default=None, ge=MIN_SIDE, le=MAX_SIDE, description="px; requires height; the engine's native square if omitted"
    )
    height: int | None = Field(default=None, ge=MIN_SIDE, le=MAX_SIDE, description="px; requires width")
    format: Literal["png", "jpeg", "webp"] = Field(default="png", description="file format")

    @model_validator(mode="after")
    def _both_sides(self) -> Self:
        if (self.width is None) != (self.height is None):
            raise ValueError("width and height are needed together, or neither")
        return self


DrawnTask = Recreate | Customise | Generate
"""What an engine is asked to make on a canvas of the original's frame."""
PictureTask = Annotated[Recreate | Customise, Field(discriminator="kind")]
"""What one run of an engine is asked to do with a given image."""
Task = Annotated[Recreate | Customise | Generate | Cutout | Packshot | Check, Field(discriminator="kind")]
"""What one run of an engine is asked to do."""
Purpose = Literal["recreate", "generate", "cutout", "packshot", "check"] | EditType
"""What an engine may be the default for, and a parameter have a default of its own for."""
