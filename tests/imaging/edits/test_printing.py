import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from likeness.contract.options import Box
from likeness.imaging.edits.printing import (
    BLACK,
    DARKEST,
    WHITE,
    box_px,
    default_box,
    ink_for,
    printed,
    text_stamp,
    unprintable,
)
from likeness.imaging.edits.recolour import lab_of
from tests.imaging.edits import products

shares = st.floats(0, 1)


def plain(height, width, level=0.5):
    return np.full((height, width, 3), level, dtype=np.float32)


def everywhere(height, width):
    return np.ones((height, width), dtype=np.float32)


def inside(box):
    left, top, width, height = box
    return np.s_[top : top + height, left : left + width]


@pytest.mark.parametrize(
    ("text", "missing"),
    [("Just do it!", ""), ("50% off, {now}", ""), ("“Yes” … it’s", ""), ("a\tb\nc\u00a0d", ""), ("Café café €5", "é€")],
)
def test_what_the_font_lacks_is_named_once(text, missing):
    assert unprintable(text) == missing


@pytest.mark.parametrize("text", ["I", "Just do it", "SUMMER SALE", "g" * 80, "one two three four five six seven " * 2])
@pytest.mark.parametrize("height", [1, 9, 64, 300])
def test_a_stamp_is_cut_to_its_ink_and_not_higher_than_asked(text, height):
    stamp = text_stamp(text, height, (255, 0, 51))
    alpha = stamp[..., 3]
    assert stamp.shape[2] == 4 and stamp.dtype == np.float32
    assert stamp.shape[0] <= max(height, 9)
    assert stamp[0, 0, :3] == pytest.approx([1, 0, 0.2])
    assert alpha.min() >= 0 and alpha.max() <= 1 and alpha.max() > 0
    assert alpha[0].any() and alpha[-1].any() and alpha[:, 0].any() and alpha[:, -1].any()


def test_edges_are_soft_and_a_larger_stamp_is_the_same_in_shape():
    small, large = (text_stamp("Just do it", height, BLACK) for height in (40, 200))
    assert np.mean((large[..., 3] > 0) & (large[..., 3] < 1)) > 0.005
    assert small.shape[1] / small.shape[0] == pytest.approx(large.shape[1] / large.shape[0], rel=0.1)


def test_a_long_text_is_broken_so_that_it_reads_larger():
    word, title, sentence = (
        text_stamp(text, 200, BLACK) for text in ("Hello", "SUMMER SALE", "the quick brown fox " * 4)
    )
    rows = [
        np.count_nonzero(np.diff(np.any(stamp[..., 3] > 0, axis=1).astype(int)) == 1) + 1 for stamp in (word, title)
    ]
    assert rows == [1, 2]
    wide = text_stamp("SUMMER SALE", 200, BLACK, shape=8.0)
    assert wide.shape[1] > 3 * wide.shape[0]
    assert sentence.shape[1] / sentence.shape[0] < 4


def test_a_blank_text_is_refused():
    with pytest.raises(ValueError, match="the text is blank"):
        text_stamp(" \n ", 20, BLACK)


@given(shares, shares, shares, shares, st.integers(1, 700), st.integers(1, 700))
@settings(max_examples=100, deadline=None)
def test_a_place_in_px_lies_in_the_picture(left, top, wide, high, height, width):
    place = (
        Box(left=left, top=top, width=max(1e-3, min(wide, 1 - left)), height=max(1e-3, min(high, 1 - top)))
        if (left < 0.999 and top < 0.999)
        else Box(left=0, top=0, width=1, height=1)
    )
    x, y, w, h = box_px(place, height, width)
    assert x >= 0 and y >= 0 and w >= 1 and h >= 1
    assert x + w <= width and y + h <= height


def test_a_place_in_px_is_what_its_shares_say():
    assert box_px(Box(left=0.25, top=0.5, width=0.5, height=0.1), 200, 400) == (100, 100, 200, 20)
    assert box_px(Box(left=0, top=0, width=1, height=1), 37, 501) == (0, 0, 501, 37)


@pytest.mark.parametrize("aspect", [0.2, 1.0, 3.0, 12.0])
@pytest.mark.parametrize("size", [*products.SIZES, (300, 200)])
def test_the_default_box_lies_in_the_picture_and_on_the_product(size, aspect):
    product = products.disc(*size)
    left, top, width, height = box = default_box(product, aspect)
    assert left >= 0 and top >= 0 and left + width <= size[1] and top + height <= size[0]
    if min(size) > 30:
        assert (product[inside(box)] > 0.5).mean() >= 0.95
        assert width / height == pytest.approx(aspect, rel=0.5)
        assert abs(left + width / 2 - size[1] / 2) <= 2 and abs(top + height / 2 - size[0] / 2) <= 2


def test_the_default_box_takes_what_room_there_is():
    left, top, width, height = default_box(everywhere(300, 400), 2.0)
    assert (width, height) == (240, 120) and (left, top) == (80, 90)
    assert default_box(np.zeros((300, 400), dtype=np.float32), 2.0) == (left, top, width, height)


def test_a_product_with_a_gap_in_its_middle_is_printed_beside_it():
    trousers = np.zeros((200, 200), dtype=np.float32)
    trousers[20:190, 30:90] = trousers[20:190, 110:170] = 1
    box = default_box(trousers, 1.5)
    assert trousers[inside(box)].mean() >= 0.95


@pytest.mark.parametrize(("level", "ink"), [(0.05, WHITE), (0.3, WHITE), (0.7, BLACK), (0.95, BLACK)])
def test_the_ink_stands_out(level, ink):
    box = (10, 10, 20, 20)
    assert ink_for(plain(40, 50, level), everywhere(40, 50), box) == ink
    half = everywhere(40, 50)
    half[:, :20] = 0
    mixed = plain(40, 50, 1 - level)
    mixed[:, 20:] = level
    assert ink_for(mixed, half, box) == ink, "only the product counts"
    assert ink_for(plain(40, 50, level), 0 * half, box) == ink


@pytest.mark.parametrize("level", [0.05, 0.5, 0.95])
def test_a_printed_text_is_plainly_there_and_nothing_outside_its_box_changes(level):
    rgb, product = plain(512, 400, level), products.disc(512, 400)
    stamp = text_stamp("Just do it", 100, WHITE if level < 0.5 else BLACK)
    box = default_box(product, stamp.shape[1] / stamp.shape[0])
    made, alpha = printed(rgb, product, stamp, box)
    ink = alpha > 0.5
    assert ink.mean() > 0.01
    assert np.abs(lab_of(made) - lab_of(rgb))[ink][:, 0].mean() > 30
    outside = np.ones((512, 400), dtype=bool)
    outside[inside(box)] = False
    assert np.array_equal(made[outside], rgb[outside]) and not alpha[outside].any()
    assert np.array_equal(made[alpha == 0], rgb[alpha == 0])


def test_a_print_keeps_its_proportions_in_the_middle_of_its_box():
    stamp = np.ones((10, 20, 4), dtype=np.float32)
    _, alpha = printed(plain(100, 100), everywhere(100, 100), stamp, (10, 10, 60, 80))
    rows, columns = np.nonzero(alpha)
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == (10, 69, 35, 64)


def test_a_print_ends_where_the_product_does_unless_it_lies_beside_it():
    product = np.zeros((60, 60), dtype=np.float32)
    product[:, :30] = 1
    stamp = np.ones((10, 10, 4), dtype=np.float32)
    made, alpha = printed(plain(60, 60), product, stamp, (20, 20, 20, 20))
    assert alpha[:, 30:].max() == 0 and alpha[20:40, 20:28].min() > 0.95
    assert np.array_equal(made[:, 30:], plain(60, 30))
    _, beside = printed(plain(60, 60), product, stamp, (35, 20, 20, 20))
    assert beside[20:40, 35:55].min() == 1


def test_a_print_follows_the_shading_within_bounds():
    rgb = np.repeat(np.linspace(0.1, 0.9, 200, dtype=np.float32)[None, :, None], 100, axis=0).repeat(3, axis=2)
    stamp = np.ones((50, 200, 4), dtype=np.float32)
    stamp[..., :3] = 0.6
    made, alpha = printed(rgb, everywhere(100, 200), stamp, (0, 0, 200, 100))
    row = made[50, :, 0]
    assert np.all(alpha[30:70] == 1) and np.all(np.diff(row) > -1e-4)
    assert row[0] == pytest.approx(0.6 * DARKEST, abs=0.01) and row[-1] == pytest.approx(0.75, abs=0.01)


def test_hidden_colours_of_a_logo_do_not_bleed():
    logo = np.zeros((40, 40, 4), dtype=np.float32)
    logo[..., 1] = 1  # hidden green
    logo[10:30, 10:30] = (1, 0, 0, 1)
    made, alpha = printed(plain(60, 60), everywhere(60, 60), logo, (15, 15, 13, 13))
    assert alpha.max() == 1
    assert np.all(made[..., 1] <= 0.5 + 1e-6)


@pytest.mark.parametrize("size", products.SIZES)
def test_any_size_and_an_empty_mask_will_do(size):
    rgb, product = products.shaded(*size)
    stamp = text_stamp("Hello", 30, BLACK)
    for mask in (product, np.zeros_like(product)):
        made, alpha = printed(rgb, mask, stamp, default_box(mask, stamp.shape[1] / stamp.shape[0]))
        assert made.shape == rgb.shape and alpha.shape == product.shape
        assert made.dtype == alpha.dtype == np.float32
        assert np.isfinite(made).all() and made.min() >= 0 and made.max() <= 1
