"""What callers send as JSON, as the description shows it."""

from typing import Annotated

from pydantic import Field

from likeness.contract.comparison import Compare
from likeness.contract.tasks import Customise, Recreate

SentPicture = Annotated[
    str,
    Field(description="the picture (PNG, JPEG or WebP): a public https URL, a data URI, or base64; in a form a file"),
]


class RecreateRequest(Recreate):
    """Recreate a picture as exactly as the engine can."""

    image: SentPicture


class CustomiseRequest(Customise):
    """Change a picture: in words, to a colour, by another picture, within a mask, or by control."""

    image: SentPicture
    mask: str | None = Field(  # type: ignore[assignment]  # what is sent; the task says only that it is a file
        default=None,
        description="where alone the picture may change: `product` or `background`, which are then found, "
        "or a picture of the same size, sent as the image is, white where it may change; "
        "it is turned with the picture",
    )
    logo: str | None = Field(  # type: ignore[assignment]  # as above
        default=None, description="a picture to print, sent as the image is"
    )
    control: str | None = Field(  # type: ignore[assignment]  # as above
        default=None, description="a map for the first of `controls`, sent as the image is"
    )
    style_image: str | None = Field(  # type: ignore[assignment]  # as above
        default=None, description="a picture of any size whose style is taken over, sent as the image is"
    )
    guide: str | None = Field(  # type: ignore[assignment]  # as above
        default=None,
        description="the picture as painted over, of the same size, sent as the image is; where it is transparent, the "
        "picture shows. `strength` says how freely it is followed, `prompt` what it shows",
    )


class CompareRequest(Compare):
    """Run one picture through several engines and settings, to see which does it best."""

    image: SentPicture
    mask: str | None = Field(default=None, description="a mask for `task`, sent as the image is")
    logo: str | None = Field(default=None, description="a picture for `task` to print, sent as the image is")
    control: str | None = Field(default=None, description="a map for the first of `task`'s `controls`, sent likewise")
    style_image: str | None = Field(default=None, description="a picture for `task` to take the style of, likewise")
    guide: str | None = Field(default=None, description="the picture as painted over, for `task`, likewise")
