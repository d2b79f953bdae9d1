"""The OpenAI images API as its clients send and read it; what is ours beside it is said so."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from likeness.contract.jobs import SentFile
from likeness.contract.parameters import MAX_PROMPT
from likeness.contract.report import Report

Role = Literal["image"] | SentFile


class ImageRequest(BaseModel):
    """What edits and generations have in common."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)

    prompt: str = Field(default="", max_length=MAX_PROMPT)
    model: str | None = Field(
        default=None,
        max_length=64,
        description="an engine, or one of `LIKENESS_OPENAI_MODELS`; the default for what is asked if omitted",
    )
    n: int = Field(default=1, ge=1, le=8, description="images to make and return")
    size: str = Field(default="auto", pattern=r"^(auto|[1-9][0-9]{0,4}x[1-9][0-9]{0,4})$")
    response_format: Literal["b64_json", "url"] = Field(
        default="b64_json", description="url: must be fetched with the same API key"
    )
    output_format: Literal["png", "jpeg", "webp"] | None = None
    output_compression: int | None = Field(default=None, ge=1, le=100, description="quality of jpeg and webp")
    stream: bool = Field(default=False, description="answer with server-sent events")
    partial_images: int = Field(default=0, ge=0, le=3, description="maximum number of previews to send, with `stream`")
    background: Literal["auto", "opaque", "transparent"] = "auto"
    quality: Literal["auto", "standard", "high", "hd"] = Field(
        default="auto", description="each is the engine's full quality; for less, use our `steps`"
    )
    user: str | None = Field(default=None, max_length=200, description="accepted and ignored")
    safety_identifier: str | None = Field(default=None, max_length=200, description="accepted and ignored")

    @model_validator(mode="after")
    def _previews_are_streamed(self) -> Self:
        if self.partial_images and not self.stream:
            raise ValueError("partial_images needs stream")
        return self


class EditRequest(ImageRequest):
    """`POST /v1/images/edits`: the fields beside the images."""

    size: str = Field(
        default="auto",
        pattern=r"^(auto|[1-9][0-9]{0,4}x[1-9][0-9]{0,4})$",
        description="auto, or the image's own size: the frame never changes",
    )
    output_format: Literal["png", "jpeg", "webp"] | None = Field(
        default=None, description="by default that of the original"
    )
    input_fidelity: Literal["low", "high"] | None = Field(
        default=None, description="accepted without effect: an edit keeps what it is not asked to change"
    )
    roles: list[Role] = Field(
        default=["image"], min_length=1, max_length=4, description="ours: what each of several `image` is, in order"
    )


class GenerationRequest(ImageRequest):
    """`POST /v1/images/generations`."""

    size: str = Field(
        default="auto",
        pattern=r"^(auto|[1-9][0-9]{0,4}x[1-9][0-9]{0,4})$",
        description="WIDTHxHEIGHT in px; auto is the engine's native size",
    )
    output_format: Literal["png", "jpeg", "webp"] | None = Field(default=None, description="png when not given")
    background: Literal["auto", "opaque"] = "auto"
    moderation: Literal["auto"] = Field(
        default="auto", description="the operator of the service decides what is checked"
    )


class OpenAIImage(BaseModel):
    """One image of an answer."""

    b64_json: str | None = None
    url: str | None = None
    report: Report = Field(description="ours: the quality report")
    seed: int | None = Field(description="ours")
    sha256: str = Field(description="ours: of the bytes")


class Usage(BaseModel):
    """Tokens, which are not counted here: always 0."""

    input_tokens: int = 0
    input_tokens_details: dict[str, int] = {"image_tokens": 0, "text_tokens": 0}
    output_tokens: int = 0
    total_tokens: int = 0


class OpenAIImages(BaseModel):
    """The answer to an edit or a generation."""

    created: int = Field(description="when the job ended, in Unix seconds")
    data: list[OpenAIImage]
    output_format: str
    size: str
    usage: Usage = Usage()
    job: str = Field(description="ours: id of the job, also in the header X-Likeness-Job")
    engine: str = Field(description="ours")
    replayed: bool = Field(description="ours: whether an earlier request with the same content made it")


class OpenAIModel(BaseModel):
    """An engine, as a model."""

    id: str
    object: Literal["model"] = "model"
    created: int = Field(default=0, description="not known: always 0")
    owned_by: str = "likeness"
    summary: str = Field(description="ours")
    kinds: list[str] = Field(description="ours: what it does")


class OpenAIModels(BaseModel):
    """The engines that are installed."""

    object: Literal["list"] = "list"
    data: list[OpenAIModel]


class OpenAIErrorBody(BaseModel):
    """What an error says."""

    message: str
    type: str
    param: str | None = None
    code: str


class OpenAIError(BaseModel):
    """An error as OpenAI's clients read it."""

    error: OpenAIErrorBody


class OpenAIEvent(BaseModel):
    """One server-sent event of a stream; `image_generation.` in place of `image_edit.` for a generation."""

    type: str
    b64_json: str
    created_at: int
    output_format: str
    size: str
    background: str = "auto"
    quality: str = "auto"
    partial_image_index: int | None = None
    usage: Usage | None = None
    job: str
    report: Report | None = None
    seed: int | None = None

    def said(self) -> dict[str, Any]:
        """Return the event without what its type does not have."""
        return self.model_dump(mode="json", exclude_none=True)
