"""What steers an engine: every parameter there is, with the bounds that hold whatever the engine."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_SEED = 2**32 - 1
MAX_PROMPT = 2000
MAX_WORD = 64
"""Characters of a word of an engine's own: a class, a layer."""

SchedulerName = Literal[
    "ddim", "dpmpp-2m", "dpmpp-2m-karras", "euler", "euler-trailing", "euler-ancestral", "lcm", "unipc"
]


class Parameters(BaseModel):
    """What steers any engine. Each engine takes some of these (`GET /engines`); another one given is refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)

    prompt: str | None = Field(default=None, max_length=MAX_PROMPT, description="what the picture shows")
    negative_prompt: str | None = Field(default=None, max_length=MAX_PROMPT, description="what it must not show")
    guidance_scale: float | None = Field(default=None, ge=0, le=50, description="how strongly the prompt is followed")
    steps: int | None = Field(default=None, ge=1, le=1000, description="denoising steps, or those of an optimiser")
    scheduler: SchedulerName | None = Field(default=None, description="the solver that takes the steps")
    clip_skip: int | None = Field(default=None, ge=0, le=4, description="last layers of the text encoder to leave out")
    label: str | None = Field(default=None, min_length=1, max_length=MAX_WORD, description="the class of what is shown")
    truncation: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="how far the latent may lie from its mean: less varies less",
    )
    temperature: float | None = Field(
        default=None, gt=0, le=2, description="of the next token's distribution: below 1 sharper, above flatter"
    )
    top_k: int | None = Field(default=None, ge=1, le=65536, description="only so many likeliest next tokens are drawn")
    top_p: float | None = Field(
        default=None, gt=0, le=1, description="only the likeliest next tokens that sum to this probability are drawn"
    )
    seed: int | None = Field(
        default=None, ge=0, le=MAX_SEED, description="seed of the first candidate; drawn at random when not given"
    )


class PictureParameters(Parameters):
    """What steers an engine that is given a picture."""

    strength: float | None = Field(default=None, ge=0, le=1, description="0 keeps the picture, 1 forgets it (SDEdit)")
    image_guidance_scale: float | None = Field(
        default=None, ge=0, le=50, description="how strongly the picture is followed"
    )
    variation: float | None = Field(
        default=None, ge=0, le=1, description="how far around the picture's own latent is drawn; 0 is no variant"
    )
    layer: str | None = Field(
        default=None, min_length=1, max_length=MAX_WORD, description="the layer whose features the picture is seen by"
    )
    parts: Literal["main", "all"] | None = Field(
        default=None, description="what to dye: the cloth alone, or tags, prints and buttons with it"
    )
    shadow: Literal["keep", "contact", "none"] | None = Field(
        default=None, description="on a new background: the original's shadow, a soft one below the product, or none"
    )
    content_weight: float | None = Field(default=None, ge=0, le=1e9, description="how much the content counts")
    style_weight: float | None = Field(default=None, ge=0, le=1e9, description="how much the style counts")


PARAMETER_NAMES: tuple[str, ...] = tuple(PictureParameters.model_fields)
