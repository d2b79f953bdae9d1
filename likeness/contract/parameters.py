"""What steers an engine: every parameter there is, with the bounds that hold whatever the engine."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_SEED = 2**32 - 1
MAX_PROMPT = 2000
Prompt = Annotated[str, Field(min_length=1, max_length=MAX_PROMPT)]
MAX_WORD = 64
"""Characters of a word of an engine's own: a class, a layer."""

SchedulerName = Literal[
    "ddim", "dpmpp-2m", "dpmpp-2m-karras", "euler", "euler-trailing", "euler-ancestral", "lcm", "unipc"
]


class Parameters(BaseModel):
    """What steers any engine. Each engine takes some of these (`GET /engines`); another one given is rejected."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)

    prompt: str | None = Field(default=None, max_length=MAX_PROMPT, description="what the image shows")
    negative_prompt: str | None = Field(default=None, max_length=MAX_PROMPT, description="what it must not show")
    guidance_scale: float | None = Field(default=None, ge=0, le=50, description="how strongly the prompt is followed")
    steps: int | None = Field(default=None, ge=1, le=1000, description="denoising steps, or those of an optimiser")
    scheduler: SchedulerName | None = Field(default=None, description="the solver (sampler)")
    clip_skip: int | None = Field(
        default=None, ge=0, le=4, description="number of last layers of the text encoder to skip"
    )
    label: str | None = Field(default=None, min_length=1, max_length=MAX_WORD, description="the class of the image")
    truncation: float | None = Field(
        default=None, ge=0, le=1, description="limit on the latent's distance from its mean: lower values vary less"
    )
    temperature: float | None = Field(
        default=None,
        gt=0,
        le=2,
        description="temperature of the next token's distribution: below 1 sharper, above 1 flatter",
    )
    top_k: int | None = Field(default=None, ge=1, le=65536, description="sample from this many most likely next tokens")
    top_p: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="sample from the most likely next tokens whose probabilities add up to this",
    )
    seed: int | None = Field(
        default=None, ge=0, le=MAX_SEED, description="seed of the first candidate; random if omitted"
    )


class PictureParameters(Parameters):
    """What steers an engine that is given an image."""

    strength: float | None = Field(default=None, ge=0, le=1, description="0 keeps the image, 1 ignores it (SDEdit)")
    image_guidance_scale: float | None = Field(
        default=None, ge=0, le=50, description="how strongly the image is followed"
    )
    variation: float | None = Field(
        default=None, ge=0, le=1, description="how far from the image's own latent to sample; 0 gives no variation"
    )
    layer: str | None = Field(
        default=None, min_length=1, max_length=MAX_WORD, description="the layer whose features represent the image"
    )
    parts: Literal["main", "all"] | None = Field(
        default=None, description="what to dye: only the cloth, or tags, prints and buttons as well"
    )
    shadow: Literal["keep", "contact", "none"] | None = Field(
        default=None, description="on a new background: the original's shadow, a soft one below the product, or none"
    )
    content_weight: float | None = Field(default=None, ge=0, le=1e9, description="weight of the content")
    style_weight: float | None = Field(default=None, ge=0, le=1e9, description="weight of the style")


PARAMETER_NAMES: tuple[str, ...] = tuple(PictureParameters.model_fields)
