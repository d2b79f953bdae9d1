"""What callers send as JSON for a cut-out, a packshot or a check, as the description shows it."""

from typing import Annotated

from pydantic import Field

from likeness.contract.packshots import Check, Cutout, Packshot
from service.schemas.requests import SentPicture

SentMask = Annotated[
    str | None,
    Field(
        description="an image of the same size, sent in the same way as `image`, white where the product is; "
        "it overrules what is detected"
    ),
]


class CutoutRequest(Cutout):
    """Cut the product out of an image: the same size, on nothing."""

    image: SentPicture
    mask: SentMask = None  # type: ignore[assignment]  # what is sent; the task says only that it is a file


class PackshotRequest(Packshot):
    """Cut the product out of an image, place it in a frame of its own, light it and export it."""

    image: SentPicture
    mask: SentMask = None  # type: ignore[assignment]  # as above
    background: str | None = Field(
        default=None,
        description="`white` (the default), `transparent`, #rrggbb, a colour of CSS, or a picture, sent in the same "
        "way as `image` and cut to the frame's shape",
    )


class CheckRequest(Check):
    """Judge an image by the rules of a marketplace, without changing it."""

    image: SentPicture
    mask: SentMask = None  # type: ignore[assignment]  # as above
