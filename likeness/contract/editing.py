"""What one edit of an image may ask, alone or as one of several."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from likeness.contract.errors import FieldProblem, InvalidField, RequestError
from likeness.contract.options import HEX_COLOUR, Box, Font, Lora, Recolour, Region, Strict
from likeness.contract.packshots import CutoutFields, PackshotFields
from likeness.contract.parameters import PictureParameters, Prompt

MAX_INSTRUCTION = 400
MAX_TEXT = 80
MAX_EDITS = 8
SHARED = ("mask", "preserve")
"""The fields of an edit that may be said beside several: they hold through all of them."""
ControlKind = Literal["canny", "soft_edge", "line_art", "depth", "inpaint"]


class Control(Strict):
    """A control map (ControlNet), drawn from the image unless it is uploaded."""

    kind: ControlKind = Field(
        description="canny: thin edges; soft_edge: gradients; line_art: lines as drawn; depth: near is bright; "
        "inpaint: what a mask leaves, which engines that fill by it take by themselves"
    )
    weight: float = Field(default=1.0, ge=0, le=2, description="strength of its control")
    start: float = Field(default=0.0, ge=0, le=1, description="share of the steps after which it starts to apply")
    end: float = Field(default=1.0, ge=0, le=1, description="share of the steps after which it stops applying")

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.start >= self.end:
            raise ValueError("start must come before end")
        return self


class EditType(StrEnum):
    """The edit types; an engine does some of them."""

    INSTRUCTION = "instruction"
    """The change is described in words."""
    COLOURWAY = "colourway"
    """The product in an exact colour."""
    PRINT = "print"
    """A logo or a text on the product, then denoised lightly (SDEdit)."""
    RESIZE = "resize"
    """The product larger or smaller about its centre, the background completed."""
    FILL = "fill"
    """The masked area redrawn from a prompt (inpainting)."""
    CONTROL = "control"
    """Redrawn from a prompt along control maps."""
    STYLE = "style"
    """The style of another image applied."""
    COMPLETE = "complete"
    """The upper part kept, the rest redrawn."""
    GUIDE = "guide"
    """Redrawn from an image painted over: noised and denoised (SDEdit)."""


EDIT_FIELDS = ("instruction", "recolour", "text", "logo", "style_image", "guide", "complete", "prompt")
"""The fields of a customisation of which one says what is wanted; beside a guide a prompt says what it shows."""
FILES = ("mask", "logo", "control", "style_image", "guide")
"""The fields of a customisation that a file may be sent for."""
REFERENCES: tuple[Literal["image_2", "image_3", "image_4"], ...] = ("image_2", "image_3", "image_4")
"""The names that further images are kept by; an instruction counts them so too, the image that is edited being 1."""
OF_PRINTS = ("place", "text_colour", "font", "size", "angle", "curve")
"""The fields of an edit that say how a text or a logo is printed."""
FINISHES = ("cutout", "packshot")
"""What may come last of several edits: each makes a frame of its own."""


class EditFields(PictureParameters):
    """What one edit may ask."""

    instruction: str | None = Field(
        default=None, min_length=1, max_length=MAX_INSTRUCTION, description="what to change, in words"
    )
    mask: Literal["product", "background", "file"] | None = Field(
        default=None, description="limits the edit to this area: a part that is detected, or the uploaded `mask` file"
    )
    preserve: Region | None = Field(default=None, description="the protected area: returned exactly as in the original")
    recolour: Recolour | None = Field(default=None, description="an exact colour for an area (a colourway)")
    text: str | None = Field(
        default=None, min_length=1, max_length=MAX_TEXT, description="words to print; line breaks are kept"
    )
    text_colour: str | None = Field(
        default=None, pattern=HEX_COLOUR, description="if omitted, black or white, whichever stands out"
    )
    font: Font | None = Field(default=None, description="font of the text; sans if omitted")
    logo: Literal["file"] | None = Field(default=None, description="the uploaded `logo` file, to print")
    place: Box | None = Field(
        default=None, description="where to print; by default the plainest place of the product, off its edge"
    )
    size: float | None = Field(
        default=None,
        ge=0.03,
        le=1,
        description="width of the print as a share of the product's, where no place is given",
    )
    angle: float | None = Field(default=None, ge=-180, le=180, description="degrees by which to turn it clockwise")
    curve: float | None = Field(
        default=None,
        ge=-1,
        le=1,
        description="share of a half circle to bend it by; its middle rises, below 0 it sinks",
    )
    style_image: Literal["file"] | None = Field(
        default=None, description="the uploaded `style_image` file: an image of any size whose style is applied"
    )
    guide: Literal["file"] | None = Field(
        default=None,
        description="the uploaded `guide` file: the image with the guide painted on it, same size; where it is "
        "transparent, the image shows through. `strength` sets how loosely it is followed, `prompt` what it shows",
    )
    complete: float | None = Field(
        default=None, ge=0.1, le=0.9, description="share of the height, from the top, that is kept; the rest is redrawn"
    )
    controls: list[Control] = Field(default=[], max_length=4, description="control maps to follow")
    control: Literal["file"] | None = Field(
        default=None, description="the uploaded `control` file: a finished map for the first of `controls`"
    )
    source_prompt: Prompt | None = Field(
        default=None,
        description="what the original shows; used in the report together with target_prompt or prompt",
    )
    target_prompt: Prompt | None = Field(
        default=None,
        description="what the result should show; used in the report; defaults to the prompt",
    )

    @model_validator(mode="after")
    def _one_edit(self) -> Self:
        wishes = self._wishes()
        if len(wishes) != 1:
            said = " and ".join(wishes) if wishes else "nothing"
            raise ValueError(f"one of {', '.join(EDIT_FIELDS)} is needed, or edits; given: {said}")
        return self

    @model_validator(mode="after")
    def _sides_agree(self) -> Self:
        if self.prompt and not (self.guide or self.mask or self.preserve or self.controls):
            raise ValueError(
                "a prompt needs a mask, preserve or controls to define what is kept; or send an instruction"
            )
        if self.controls and (self.guide or not self.prompt):
            raise ValueError("controls need a prompt" + (", and go with no guide" if self.guide else ""))
        if len({control.kind for control in self.controls}) < len(self.controls):
            raise ValueError("controls: at most one of each kind")
        if self.control and not self.controls:
            raise ValueError("a control file needs controls to define its kind of map")
        if self.source_prompt and not (self.target_prompt or self.prompt):
            raise ValueError("source_prompt needs a target_prompt or a prompt to be compared with")
        self._prints_agree()
        return self

    def _prints_agree(self) -> None:
        said = [name for name in OF_PRINTS if getattr(self, name) is not None]
        if said and not (self.text or self.logo):
            raise ValueError(f"{' and '.join(said)}: need a text or a logo")
        if self.font and not self.text:
            raise ValueError("font needs a text")
        if self.size is not None and self.place:
            raise ValueError("a place has a size of its own; send place or size")

    @model_validator(mode="after")
    def _something_may_change(self) -> Self:
        if self.complete and (self.mask or self.preserve):
            raise ValueError("complete itself defines what is kept; omit mask and preserve")
        if self.recolour and self.mask != "file":
            self._recolours_what_may_change(self.recolour.mask)
        if self.preserve and self.mask == self.preserve:
            raise ValueError(f"the mask is the {self.mask}, which is to be preserved: nothing could change")
        return self

    def _recolours_what_may_change(self, part: Region) -> None:
        if self.preserve == part:
            raise ValueError(f"recolour changes the {part}, which preserve keeps: leave preserve out")
        if self.mask not in (None, part):
            raise ValueError(
                f'recolour changes the {part}: for the {self.mask} send recolour {{"to": ..., "mask": "{self.mask}"}}, '
                "and leave mask out"
            )

    @property
    def locks_own(self) -> bool:
        """Whether this edit itself must bring some pixels back exactly."""
        return bool(self.mask or self.preserve or self.text or self.logo or self.complete)

    def _wishes(self) -> list[str]:
        """Return the fields that say what is wanted; beside a guide a prompt only says what it shows."""
        return [name for name in EDIT_FIELDS if getattr(self, name) and not (name == "prompt" and self.guide)]


class OneEdit(EditFields):
    """One of several edits: what is to change, by which engine and with which parameters."""

    cutout: CutoutFields | None = Field(
        default=None, description="the product on nothing: the fields of `POST /cutout`; alone, and the last edit"
    )
    packshot: PackshotFields | None = Field(
        default=None,
        description="the product in a frame of its own: the fields of `POST /packshot`; alone, and the last edit",
    )
    engine: str | None = Field(default=None, max_length=64, description="name of an engine; the default if omitted")
    loras: list[Lora] = Field(default=[], max_length=4, description="LoRA adapters to use")

    @property
    def finish(self) -> CutoutFields | PackshotFields | None:
        """The cut-out or the packshot, where it is one: it makes a frame of its own, so nothing comes after it."""
        return self.cutout or self.packshot

    @model_validator(mode="after")
    def _finishes_alone(self) -> Self:
        beside = [name for name, value in self if name not in FINISHES and value not in (None, [])]
        if self.finish is not None and beside:
            raise ValueError(f"{', '.join(beside)}: not beside a cutout or a packshot, which has fields of its own")
        return self

    def _wishes(self) -> list[str]:
        return [*super()._wishes(), *(name for name in FINISHES if getattr(self, name) is not None)]


def files_said(edits: Iterable[object]) -> set[str]:
    """Return the fields for which edits, as JSON, say that a file is sent, also within a cut-out or a packshot."""
    told = [edit for edit in edits if isinstance(edit, dict)]
    parts = [*told, *(edit[name] for edit in told for name in FINISHES if isinstance(edit.get(name), dict))]
    return {name for part in parts for name in (*FILES, "background") if part.get(name) == "file"}


@contextmanager
def naming_edit(number: int, finish: str = "") -> Iterator[None]:
    """Name the edit, counted from 0, in whatever is found wrong with it, or with the `cutout` or `packshot` in it."""
    place = f"edits/{number}/{finish}".rstrip("/")
    try:
        yield
    except ValidationError as error:
        said = [item["msg"].removeprefix("Value error, ") for item in error.errors(include_url=False)]
        problems = [FieldProblem(f"#/{place}", detail) for detail in said]
        raise InvalidField(f"{place}: {'; '.join(said)}", problems) from error
    except RequestError as error:
        problems = [
            FieldProblem(f"#/{place}/{problem.pointer.removeprefix('#/')}", problem.detail)
            for problem in error.problems
        ]
        raise type(error)(f"{place}: {error.detail}", problems) from error
