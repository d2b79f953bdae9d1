"""What a job is asked to do, told apart by `kind`."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from likeness.contract.options import HEX_COLOUR, Box, Lora, Recolour, Region, Strict
from likeness.contract.packshots import Check, Cutout, Packshot
from likeness.contract.parameters import MAX_PROMPT, Parameters, PictureParameters
from likeness.contract.report import EditThresholds, Thresholds
from likeness.contract.scheduling import Keep, Priority, Webhook

MAX_INSTRUCTION = 400
MAX_TEXT = 80
MIN_SIDE, MAX_SIDE = 64, 4096
"""Px; of an image that is generated."""
LOSSY_LOCK_QUALITY = 95
"""The least quality of a JPEG with a protected area."""
ControlKind = Literal["canny", "soft_edge", "line_art", "depth", "inpaint"]


class OutputFormat(StrEnum):
    """The file format of the images that come back."""

    SAME = "same"
    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"


class Order(Parameters):
    """What every job that makes images may ask for."""

    engine: str | None = Field(default=None, max_length=64, description="name of an engine; the default if omitted")
    loras: list[Lora] = Field(default=[], max_length=4, description="LoRA adapters to use")
    exact: bool = Field(default=False, description="run unbatched, for byte-identical output")
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


class Recreate(PictureOrder):
    """Recreate an image as exactly as the engine can."""

    kind: Literal["recreate"] = "recreate"
    format: OutputFormat = Field(default=OutputFormat.SAME, description="file format; must support the frame")
    thresholds: Thresholds = Field(default_factory=Thresholds, description="acceptance thresholds of a candidate")


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


class Customise(PictureOrder):
    """Change an image: by instruction, exact colour, print, style, mask, guide or control map."""

    kind: Literal["customise"] = "customise"
    instruction: str | None = Field(
        default=None, min_length=1, max_length=MAX_INSTRUCTION, description="what to change, in words"
    )
    mask: Literal["product", "background", "file"] | None = Field(
        default=None, description="limits the edit to this area: a part that is detected, or the uploaded `mask` file"
    )
    preserve: Region | None = Field(default=None, description="the protected area: returned exactly as in the original")
    recolour: Recolour | None = Field(default=None, description="an exact colour for an area (a colourway)")
    text: str | None = Field(default=None, min_length=1, max_length=MAX_TEXT, description="words to print")
    text_colour: str | None = Field(
        default=None, pattern=HEX_COLOUR, description="if omitted, black or white, whichever stands out"
    )
    logo: Literal["file"] | None = Field(default=None, description="the uploaded `logo` file, to print")
    place: Box | None = Field(default=None, description="where to print; by default centred on the product")
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
    flatten: str | None = Field(
        default=None,
        pattern=HEX_COLOUR,
        description="the colour that a cut-out is laid on: its alpha goes, and the result is opaque (RGB, or L). "
        "Without it the result keeps the alpha, and a new background stays hidden; an opaque image stays as it is",
    )
    controls: list[Control] = Field(default=[], max_length=4, description="control maps to follow")
    control: Literal["file"] | None = Field(
        default=None, description="the uploaded `control` file: a finished map for the first of `controls`"
    )
    source_prompt: str | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_PROMPT,
        description="what the original shows; used in the report together with target_prompt or prompt",
    )
    target_prompt: str | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_PROMPT,
        description="what the result should show; used in the report; defaults to the prompt",
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
    def _one_edit(self) -> Self:
        wishes = [name for name in EDIT_FIELDS if getattr(self, name) and not (name == "prompt" and self.guide)]
        if len(wishes) != 1:
            said = " and ".join(wishes) if wishes else "nothing"
            raise ValueError(f"one of {', '.join(EDIT_FIELDS)} is needed; given: {said}")
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
        if (self.place or self.text_colour) and not (self.text or self.logo):
            raise ValueError("place and text_colour need a text or a logo")
        return self

    @model_validator(mode="after")
    def _lossy_lock_locks(self) -> Self:
        if self.lossy_lock and not self.locks:
            raise ValueError("lossy_lock needs a protected area: mask, preserve, text, logo or complete")
        if self.lossy_lock and self.quality is not None and self.quality < LOSSY_LOCK_QUALITY:
            raise ValueError(f"lossy_lock needs a quality of at least {LOSSY_LOCK_QUALITY}; or omit quality")
        return self

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
    def locks(self) -> bool:
        """Whether some pixels must come back exactly."""
        return bool(self.mask or self.preserve or self.text or self.logo or self.complete)

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the files that must be sent beside the image."""
        return tuple(name for name in FILES if getattr(self, name) == "file")


class Generate(Order):
    """Make a new image: from text, or of a learned kind."""

    kind: Literal["generate"] = "generate"
    prompt: str | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_PROMPT,
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
