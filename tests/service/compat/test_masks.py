"""Masks of other APIs as ours."""

import io

import numpy as np
import pytest
from PIL import Image

from likeness.contract.errors import InvalidPicture, PictureTooLarge
from likeness.imaging.formats.decode import Bounds
from service.compat.masks import inverted_mask, mask_of_alpha

BOUNDS = Bounds()


def file(picture: Image.Image, format: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def grey(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.format, picture.mode) == ("PNG", "L")
        return np.asarray(picture)


def rgba() -> Image.Image:
    alpha = np.arange(256, dtype=np.uint8).reshape(16, 16)
    return Image.fromarray(np.dstack([np.full((16, 16, 3), 77, np.uint8), alpha]), "RGBA")


def test_transparent_becomes_white_and_opaque_black() -> None:
    assert (grey(mask_of_alpha(file(rgba()), BOUNDS)) == 255 - np.asarray(rgba())[..., 3]).all()
    assert (grey(mask_of_alpha(file(rgba().convert("LA")), BOUNDS)) == 255 - np.asarray(rgba())[..., 3]).all()


def test_a_transparent_colour_counts() -> None:
    picture = Image.new("RGB", (4, 4), (9, 9, 9))
    picture.putpixel((1, 2), (0, 255, 0))
    mask = grey(mask_of_alpha(file(picture, transparency=(0, 255, 0)), BOUNDS))
    assert mask[2, 1] == 255 and mask.sum() == 255


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (file(Image.new("RGB", (4, 4))), "no alpha channel"),
        (b"nothing", "not an image"),
        (file(rgba())[:-30], "cut off"),
        (file(Image.new("I;16", (4, 4))), "8 bits per channel"),
    ],
)
def test_what_is_no_mask_is_refused_at_its_field(data: bytes, said: str) -> None:
    with pytest.raises(InvalidPicture, match=said) as refusal:
        mask_of_alpha(data, BOUNDS)
    assert refusal.value.problems[0].pointer == "#/mask"


def test_one_that_would_lie_two_ways_is_refused() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    with pytest.raises(InvalidPicture, match="no orientation"):
        inverted_mask(file(Image.new("L", (4, 4)), "JPEG", exif=exif), BOUNDS)


def test_its_size_is_bounded_before_it_is_decoded() -> None:
    with pytest.raises(PictureTooLarge, match="mask"):
        mask_of_alpha(file(rgba()), Bounds(max_pixels=255))


def test_white_for_black() -> None:
    mask = np.asarray(rgba())[..., 3]
    assert (grey(inverted_mask(file(Image.fromarray(mask)), BOUNDS)) == 255 - mask).all()


def test_what_is_transparent_is_black_before_it_is_inverted() -> None:
    strokes = Image.new("RGBA", (4, 4), (255, 255, 255, 0))
    strokes.putpixel((1, 2), (255, 255, 255, 255))
    mask = grey(inverted_mask(file(strokes), BOUNDS))
    assert mask[2, 1] == 0 and (mask == 255).sum() == 15
