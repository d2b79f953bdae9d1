"""The tasks that change an image's frame on purpose: a cut-out, a packshot, and a check that changes nothing."""

import re
from typing import Annotated, ClassVar, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from likeness.contract.labels import Labelled
from likeness.contract.options import Box, Lora
from likeness.contract.scheduling import Keep, Priority, Webhook

LEAST_SIDE, MOST_SIDE = 16, 10_000
"""Px of a packshot."""
HEX: Final = re.compile("#[0-9A-Fa-f]{6}")
SIZE: Final = re.compile("([0-9]{1,5})x([0-9]{1,5})")

Colour = tuple[int, int, int]


def is_background(text: str) -> bool:
    """Return whether a text names a background: `white`, `transparent`, #rrggbb, or a colour of CSS."""
    from PIL import ImageColor  # whoever only calls a service does without Pillow

    return text == "transparent" or HEX.fullmatch(text) is not None or text.lower() in ImageColor.colormap


def colour_of(text: str) -> Colour | None:
    """Return a background's colour in sRGB, 0..255; None for `transparent`."""
    from PIL import ImageColor  # as above

    return None if text == "transparent" else ImageColor.getrgb(text)[:3]


def size_of(text: str) -> tuple[int, int]:
    """Return width and height, in px, of a size that is written as 2000x2000."""
    width, _, height = text.partition("x")
    return int(width), int(height)


def _background(text: str) -> str:
    if text != "file" and not is_background(text):
        raise ValueError("white, transparent, #rrggbb, a colour of CSS, or a picture")
    return text


def _size(text: str) -> str:
    found = SIZE.fullmatch(text)
    if found is None or not all(LEAST_SIDE <= int(side) <= MOST_SIDE for side in found.groups()):
        raise ValueError(f"WIDTHxHEIGHT in px, each {LEAST_SIDE} to {MOST_SIDE}, such as 2000x2000")
    return text


class Looks(BaseModel):
    """How a packshot looks and is written: what a request or a preset may say of it."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)

    background: Annotated[str, AfterValidator(_background)] | None = Field(
        default=None,
        max_length=32,
        description="`white` (the default), `transparent`, #rrggbb, a colour of CSS, or a picture",
    )
    size: Annotated[str, AfterValidator(_size)] | None = Field(
        default=None, max_length=11, description="WIDTHxHEIGHT in px, such as 2000x2000; by default the original's"
    )
    fill: float | None = Field(
        default=None,
        ge=0.1,
        le=1,
        description="share of the frame that the product takes on the side where it takes more; by default 0.85",
    )
    align: Literal["centre", "bottom"] | None = Field(default=None, description="by default `centre`")
    shadow: Literal["none", "contact", "cast", "keep", "reflection"] | None = Field(
        default=None,
        description="`keep` takes over that of the original; by default `none` on plain white, else `contact`",
    )
    angle: float | None = Field(
        default=None,
        ge=0,
        le=360,
        description="where a `cast` shadow falls to, in degrees: 0 to the right, 90 behind the product; by default 40",
    )
    straighten: Annotated[float, Field(ge=-45, le=45)] | Literal["auto"] | None = Field(
        default=None, description="degrees to turn the product clockwise, or `auto`; by default it is not turned"
    )
    white_balance: Box | Literal["auto"] | None = Field(
        default=None, description="a grey patch of the original, or `auto` by its background; by default none"
    )
    format: Literal["jpeg", "png", "webp"] | None = Field(
        default=None, description="by default jpeg, or png on `transparent`"
    )
    quality: int | None = Field(default=None, ge=1, le=100, description="of jpeg and webp; webp is lossless without")
    max_bytes: int | None = Field(
        default=None, ge=1000, description="largest file; the best quality, down to 40, that meets it is found"
    )
    profile: Literal["srgb", "same"] | None = Field(
        default=None, description="`srgb`, the default, converts the colours; `same` leaves them in the original's"
    )
    upscale: Literal["never", "faithful"] | None = Field(
        default=None,
        description="`faithful`, the default, enlarges as far as `fill` asks, by Lanczos' filter, or by Swin2SR "
        "where it is installed; `never` does not",
    )


class OnProduct(BaseModel):
    """What is made of a product that is found in an image, or shown by a mask."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)

    mask: Literal["file"] | None = Field(
        default=None, description="the uploaded `mask` file: white where the product is, whatever is detected"
    )

    @property
    def preset_name(self) -> str | None:
        """The preset that it names, if it does."""
        name: str | None = getattr(self, "preset", None)
        return name

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the files that must be sent beside the image."""
        return tuple(name for name in ("mask", "background") if getattr(self, name, None) == "file")


class CutoutFields(OnProduct):
    """How a product is cut out."""

    format: Literal["png", "webp"] = Field(default="png", description="file format; both are lossless here")
    matte: bool = Field(
        default=False, description="return the matte alone: white where the product is, in grey, as png"
    )

    @field_validator("matte")
    @classmethod
    def _grey_is_png(cls, matte: bool, info: ValidationInfo) -> bool:
        if matte and info.data.get("format") == "webp":
            raise ValueError("webp has no grey; take png")
        return matte


class PackshotFields(OnProduct, Looks):
    """How a packshot is made, or the marketplace that it is made for."""

    preset: str | None = Field(
        default=None, min_length=1, max_length=64, description="a marketplace whose rules it is made for and judged by"
    )

    @field_validator("quality")
    @classmethod
    def _has_quality(cls, quality: int | None, info: ValidationInfo) -> int | None:
        if quality is not None and info.data.get("format") == "png":
            raise ValueError("png has none, it is exact; leave it out, or take jpeg or webp")
        return quality


class Exact(OnProduct, Labelled):
    """A job that arithmetic does, once: nothing about it is left to chance."""

    engine: ClassVar[None] = None
    loras: ClassVar[list[Lora]] = []
    exact: ClassVar[bool] = True
    candidates: ClassVar[int] = 1
    attempts: ClassVar[int] = 1
    keep: ClassVar[Keep] = Keep.BEST
    seed: ClassVar[None] = None

    priority: Priority = Field(default=Priority.INTERACTIVE)
    webhook: Webhook = None


class Cutout(Exact, CutoutFields):
    """Cut the product out of an image: the same size, on nothing."""

    kind: Literal["cutout"] = "cutout"
    quality: ClassVar[None] = None


class Packshot(Exact, PackshotFields):
    """Cut the product out of an image, place it in a frame of its own, light it and export it."""

    kind: Literal["packshot"] = "packshot"


class Check(Exact):
    """Judge an image by the rules of a marketplace, without changing it."""

    kind: Literal["check"] = "check"
    preset: str = Field(min_length=1, max_length=64, description="the marketplace")
    made_by_ai: bool | None = Field(
        default=None, description="whether a generative model made or changed it, where you know"
    )
    quality: ClassVar[None] = None
