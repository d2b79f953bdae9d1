"""What is told of an image of a result beside its report."""

from pydantic import BaseModel, ConfigDict, Field


class ImageFacts(BaseModel):
    """Where an image of a result is and what it is: `url` is relative to the service, sizes are in pixels."""

    model_config = ConfigDict(frozen=True)

    url: str
    width: int
    height: int
    mode: str
    format: str
    sha256: str
    seed: int | None = Field(description="the seed; null where none was given and every seed makes the same image")
