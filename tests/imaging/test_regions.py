import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from likeness.imaging.colour import samples_of
from likeness.imaging.frame import Frame, upright
from likeness.imaging.regions import changeable, composited, feather_width, feathered, locked, put_back
from tests.imaging.files import PNG_KINDS, exif_block, photo, picture, png_file, saved
from tests.imaging.metrics.pairs import textured

SIZES = [(1, 1), (1, 40), (37, 501), (64, 48)]
regions = st.tuples(st.integers(1, 40), st.integers(1, 40)).flatmap(lambda size: arrays(bool, size))


def disc(height, width):
    y, x = np.mgrid[:height, :width]
    return np.hypot((y - height / 2) / height, (x - width / 2) / width) < 0.35


@given(regions, st.floats(1, 9))
@settings(max_examples=60, deadline=None)
def test_a_feather_is_nothing_outside_and_something_inside(region, width):
    weight = feathered(region, width)
    assert weight.shape == region.shape and weight.dtype == np.float32
    assert np.all(weight[~region] == 0)
    assert np.all((weight[region] > 0) & (weight[region] <= 1))


def test_a_feather_rises_to_one_over_its_width():
    region = np.zeros((9, 60), dtype=bool)
    region[:, 20:] = True
    row = feathered(region, 6.0)[4]
    assert np.all(np.diff(row) >= 0)
    assert row[20] < 0.2 and row[25] < 1 and row[27] == 1
    assert row[-1] == 1, "the picture's edge is no rim"


def test_a_feather_is_wider_in_a_larger_picture():
    assert feather_width(1, 1) == 1
    assert feather_width(512, 700) == 1.5
    assert feather_width(4096, 2048) == 6


@pytest.mark.parametrize("size", SIZES)
def test_nothing_outside_the_region_changes_and_its_middle_is_the_made(size):
    before, made = textured(*size), textured(*size, seed=1)
    made[0, 0] = np.nan
    region = disc(*size)
    region[0, 0] = False
    mixed = composited(before, made, region)
    assert mixed.dtype == np.float32
    assert np.array_equal(mixed[~region], before[~region])
    middle = feathered(region, feather_width(*size)) == 1
    assert np.array_equal(mixed[middle], made[middle])


def test_everywhere_and_nowhere():
    before, made = textured(20, 30), textured(20, 30, seed=1)
    assert np.array_equal(composited(before, made, np.ones((20, 30), dtype=bool)), made)
    assert np.array_equal(composited(before, made, np.zeros((20, 30), dtype=bool)), before)


PRODUCT = np.array([[0.0, 0.19, 0.21, 0.5, 0.79, 0.81, 1.0]], dtype=np.float32)
ON_PRODUCT, ON_BACKGROUND = [0, 0, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 0, 0]
FILE = np.array([[0, 1 / 255, 1, 1, 0, 0, 1]], dtype=np.float32)


@pytest.mark.parametrize(
    ("mask", "preserve", "expected"),
    [
        ("product", None, ON_PRODUCT),
        (None, "background", ON_PRODUCT),
        ("background", None, ON_BACKGROUND),
        (None, "product", ON_BACKGROUND),
        ("product", "background", ON_PRODUCT),
        ("product", "product", [0, 0, 1, 1, 1, 0, 0]),
        (FILE, None, [0, 1, 1, 1, 0, 0, 1]),
        (FILE, "product", [0, 1, 1, 1, 0, 0, 0]),
    ],
)
def test_the_undecided_rim_belongs_to_what_changes(mask, preserve, expected):
    assert changeable(PRODUCT, mask, preserve).astype(int).tolist() == [expected]


def test_without_a_mask_everything_may_change():
    assert changeable(None, None, None) is None
    assert changeable(None, FILE, None).dtype == bool


@pytest.mark.parametrize(("mask", "preserve"), [("product", None), (FILE, "product")])
def test_a_named_part_needs_the_product(mask, preserve):
    with pytest.raises(ValueError, match="is not known"):
        changeable(None, mask, preserve)


def spoilt(before, row, column, by=1):
    """The picture with one stored sample changed."""
    samples = samples_of(before.pixels).copy()
    samples[row, column] ^= by
    return dataclasses.replace(
        before, pixels=Image.frombytes(before.pixels.mode, before.pixels.size, samples.tobytes())
    )


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "CMYK", "I;16"])
def test_a_lock_sees_one_step_of_one_sample_where_it_is_kept_and_nowhere_else(mode):
    before = picture(png_file("grey16", 7, 5, 0)) if mode == "I;16" else None
    before = before or dataclasses.replace(picture(saved(photo("RGB", 7, 5), "PNG")), pixels=photo(mode, 7, 5))
    kept = np.zeros((5, 7), dtype=bool)
    kept[1, 2] = True
    assert locked(before, before, kept).max_abs_diff == 0
    assert locked(before, spoilt(before, 1, 2), kept).max_abs_diff == 1
    assert locked(before, spoilt(before, 2, 1), kept).max_abs_diff == 0
    assert locked(before, before, kept).area == pytest.approx(1 / 35)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_lock_is_turned_with_the_picture(orientation):
    before = picture(saved(photo("RGB", 7, 5), "PNG", exif=exif_block(orientation)))
    made = spoilt(before, 0, 6, by=128)
    changed = np.zeros((5, 7), dtype=bool)
    changed[0, 6] = True
    there = upright(changed, orientation)
    assert locked(before, made, there).max_abs_diff == 128
    assert locked(before, made, ~there).max_abs_diff == 0


def test_a_picture_stored_the_other_way_up_is_equal():
    before = picture(saved(photo("RGB", 7, 5), "PNG"))
    turned = picture(saved(before.pixels.transpose(Image.Transpose.ROTATE_90), "PNG", exif=exif_block(6)))
    assert locked(before, turned, np.ones((5, 7), dtype=bool)).max_abs_diff == 0


def test_palettes_are_compared_by_their_colours():
    before = picture(png_file("palette2", 6, 4, 0))
    inverted = before.pixels.remap_palette([3, 2, 1, 0])
    inverted.info = {}
    everywhere = np.ones((4, 6), dtype=bool)
    assert not np.array_equal(samples_of(inverted), samples_of(before.pixels))
    assert locked(before, dataclasses.replace(before, pixels=inverted), everywhere).max_abs_diff == 0
    clear = dataclasses.replace(before, transparency=bytes([0, 0, 0, 0]))
    assert locked(before, clear, everywhere).max_abs_diff == 255


@pytest.mark.parametrize(("kind", "most"), [("rgb", 255), ("grey16", 65_535)])
def test_another_size_has_changed_entirely(kind, most):
    before, made = (picture(png_file(kind, width, 4, 0)) for width in (6, 5))
    assert locked(before, made, np.ones((4, 6), dtype=bool)).max_abs_diff == most


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("kind", PNG_KINDS)
def test_what_is_put_back_is_kept_to_the_sample(kind, orientation):
    before = dataclasses.replace(picture(png_file(kind, 37, 21, 3)), orientation=orientation)
    frame = Frame.of(before)
    width, height = frame.upright_size
    made = frame.restore(1 - frame.canvas(before))
    kept = disc(height, width)
    back = put_back(before, made, kept)
    after = dataclasses.replace(before, pixels=back)
    assert locked(before, after, kept).max_abs_diff == 0
    assert np.array_equal(samples_of(put_back(before, made, ~kept & kept)), samples_of(made))
    assert back.mode == made.mode and back.getpalette() == made.getpalette()
