import numpy as np
import pytest
from PIL import Image, ImageDraw

from likeness.contract.errors import InvalidPicture
from likeness.imaging.masks import levelled, orientation_of_mask, upright_mask
from likeness.imaging.picture import Header
from likeness.imaging.regions import changeable
from tests.imaging.files import photo, picture, saved

SIZE = (120, 90)


def disc(mode: str = "L", black: int = 0, white: int = 255) -> Image.Image:
    """A disc of 60 px in the middle."""
    drawn = Image.new("L", SIZE, black)
    ImageDraw.Draw(drawn).ellipse((30, 15, 90, 75), fill=white)
    return drawn.convert(mode)


def read(mask: bytes) -> tuple[np.ndarray, str | None]:
    return levelled(upright_mask(picture(saved(photo("RGB", *SIZE), "PNG")), picture(mask)))


def header(width: int, height: int, orientation: int = 1) -> Header:
    return Header("png", width, height, "L", orientation=orientation)


@pytest.mark.parametrize(
    ("image", "mask", "turn"),
    [
        (header(40, 30), header(40, 30), 1),
        (header(40, 30, 6), header(40, 30), 6),
        (header(40, 30, 6), header(30, 40), 1),
        (header(40, 30, 6), header(40, 30, 6), 6),
        (header(40, 30, 6), header(40, 30, 8), 8),
        (header(40, 30, 6), header(30, 40, 3), 3),
        (header(40, 30, 3), header(40, 30), 3),
        (header(40, 40, 6), header(40, 40), 6),
        (header(40, 30), header(30, 40, 6), 6),
    ],
)
def test_a_mask_is_turned_with_its_picture_or_by_its_own_orientation(image, mask, turn):
    assert orientation_of_mask(image, mask) == turn


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        (header(40, 30), header(30, 40)),
        (header(40, 30), header(41, 30)),
        (header(40, 30, 6), header(30, 40, 6)),
        (header(40, 30), header(40, 30, 6)),
    ],
)
def test_a_mask_of_another_size_is_refused_with_both_sizes(image, mask):
    with pytest.raises(InvalidPicture, match=r"mask: \d+ x \d+ px, but the image is \d+ x \d+ px") as refusal:
        orientation_of_mask(image, mask)
    assert refusal.value.problems[0].pointer == "#/mask"


def test_what_is_transparent_in_a_mask_is_black():
    """White strokes on transparent white, as drawing programs save a layer."""
    strokes = Image.new("RGBA", SIZE, (255, 255, 255, 0))
    strokes.putalpha(disc())
    grey_alpha = Image.merge("LA", (Image.new("L", SIZE, 255), disc()))
    for layer in (strokes, grey_alpha):
        mask, said = read(saved(layer, "PNG"))
        assert np.array_equal(mask, np.asarray(disc()) / np.float32(255)) and said is None
    dark = Image.new("RGBA", SIZE, (0, 0, 0, 255))
    assert not read(saved(dark, "PNG"))[0].any()
    keyed = saved(disc("RGB"), "PNG", transparency=(255, 255, 255))
    assert not read(keyed)[0].any()


@pytest.mark.parametrize(("black", "white"), [(16, 235), (1, 254), (40, 220)])
def test_black_and_white_that_are_a_little_off_are_read_as_such(black, white):
    mask, said = read(saved(disc("RGB", black, white), "PNG"))
    assert np.array_equal(mask > 0, np.asarray(disc()) > 0) and set(np.unique(mask)) == {0, 1}
    assert (
        said == "of the mask, what is up to 48 of 255 was read as black, from 207 on as white: 100.0% of it, as noise"
    )


@pytest.mark.parametrize("quality", [60, 75, 95])
def test_a_mask_from_a_jpeg_does_not_leak(quality):
    mask, said = read(saved(disc("RGB"), "JPEG", quality=quality))
    inside = np.asarray(disc()) > 0
    leaks = changeable(None, mask, None) & ~inside
    far = np.asarray(disc().resize((15, 11)).resize(SIZE)) == 0  # more than a block of 8 px from the disc
    assert not leaks[far].any() and leaks.mean() < 0.002
    assert (mask[inside] > 0.5).all() and said is not None


def test_soft_rims_stay_soft_and_a_clean_mask_is_left_alone():
    ramp = np.linspace(0, 255, SIZE[0]).astype(np.uint8)[None].repeat(SIZE[1], 0)
    mask, said = read(saved(Image.fromarray(ramp), "PNG"))
    assert (np.diff(mask[0]) >= 0).all() and len(np.unique(mask)) > 60 and said is not None
    assert read(saved(disc(), "PNG"))[1] is None
