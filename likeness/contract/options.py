"""Structured fields of a task: an adapter, a colourway, a place."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

MOST_MADE = 191
"""The largest number of an image of a job."""
HEX_COLOUR = "^#[0-9A-Fa-f]{6}$"
Region = Literal["product", "background"]
"""A part of the image that a segmentation model finds."""
Font = Literal["sans", "serif", "slab", "geometric", "condensed", "script", "brush"]
"""A font that ships, to print texts in."""


def rgb_of_hex(code: str) -> tuple[int, int, int]:
    """Return the colour of #RRGGBB in 0..255."""
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)


class Strict(BaseModel):
    """A part of a task; an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


class ImageOfJob(Strict):
    """An image that an earlier job of the caller's made."""

    job: str = Field(pattern="^[0-9a-f]{32}$", description="id of the job")
    image: int = Field(default=0, ge=0, le=MOST_MADE, description="number of the image; 0 is the best")


class Lora(Strict):
    """An adapter of the catalogue, put on for one job."""

    name: str = Field(max_length=64, description="one of the engine's `loras`")
    weight: float = Field(default=1.0, ge=-2, le=2, description="strength of its effect")


class Recolour(Strict):
    """A colourway: what the mask covers in exactly this colour on average, its shading kept."""

    to: str = Field(pattern=HEX_COLOUR, description="the colour, as #RRGGBB in sRGB")
    mask: Region = Field(default="product", description="the area to recolour; a `mask` file takes precedence")


class Box(Strict):
    """A place in the upright image, as shares of its width and height from the upper left corner."""

    left: float = Field(ge=0, le=1)
    top: float = Field(ge=0, le=1)
    width: float = Field(gt=0, le=1)
    height: float = Field(gt=0, le=1)

    @model_validator(mode="after")
    def _inside(self) -> Self:
        if self.left + self.width > 1.0001 or self.top + self.height > 1.0001:
            raise ValueError("the box extends beyond the edge of the image")
        return self
