"""What callers send as JSON, as the description shows it."""

from typing import Annotated

from pydantic import Field

from likeness.contract.comparison import Compare
from likeness.contract.editing import REFERENCES
from likeness.contract.options import ImageOfJob
from likeness.contract.tasks import Customise, Recreate

SentPicture = Annotated[
    str,
    Field(description="the image (PNG, JPEG or WebP): a public https URL, a data URI or base64; in a form, a file"),
]
Given = Annotated[
    SentPicture | ImageOfJob,
    Field(description="the image, or the job of the caller's that made it, and its number there"),
]


class RecreateRequest(Recreate):
    """Recreate an image as exactly as the engine can."""

    image: Given


class CustomiseRequest(Customise):
    """Change an image: by instruction, exact colour, print, style, mask, guide or control map, or by several edits."""

    image: Given
    mask: str | None = Field(  # type: ignore[assignment]  # what is sent; the task says only that it is a file
        default=None,
        description="limits the edit to this area: `product` or `background`, which are detected, "
        "or an image of the same size, sent in the same way as `image`, white where the edit applies; "
        "it is rotated together with the image",
    )
    images: list[SentPicture] = Field(  # type: ignore[assignment]  # as above
        default=[],
        max_length=len(REFERENCES),
        description="further images that the instruction speaks of, such as a second product, a scene or a style, each "
        "sent in the same way as `image`; in a form, the part is repeated. `image 2` is the first of them, `image 1` "
        "the one that is edited. None of them is cropped. For engines with `references` in `GET /engines`",
    )
    logo: str | None = Field(  # type: ignore[assignment]  # as above
        default=None, description="an image to print, sent in the same way as `image`"
    )
    control: str | None = Field(  # type: ignore[assignment]  # as above
        default=None, description="a control map for the first of `controls`, sent in the same way as `image`"
    )
    style_image: str | None = Field(  # type: ignore[assignment]  # as above
        default=None, description="a style image of any size, sent in the same way as `image`"
    )
    guide: str | None = Field(  # type: ignore[assignment]  # as above
        default=None,
        description="the image with the guide painted on it, same size, sent in the same way as `image`; where it is "
        "transparent, the image shows through. `strength` sets how loosely it is followed, `prompt` what it shows",
    )
    background: str | None = Field(
        default=None,
        description="an image, sent in the same way as `image`, that a packshot among `edits` is placed before, where "
        "its `background` is `file`",
    )


class CompareRequest(Compare):
    """Run one image through several engines and settings, to find out which does it best."""

    image: Given
    mask: str | None = Field(default=None, description="a mask for `task`, sent in the same way as `image`")
    logo: str | None = Field(default=None, description="an image for `task` to print, sent in the same way as `image`")
    control: str | None = Field(
        default=None, description="a control map for the first of `task`'s `controls`, likewise"
    )
    style_image: str | None = Field(default=None, description="a style image for `task`, likewise")
    guide: str | None = Field(default=None, description="the image with the guide painted on it, for `task`, likewise")
