import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from likeness.contract.options import Box
from likeness.imaging.edits.free_place import free_place, ground_of
from likeness.imaging.edits.lettering import text_stamp
from likeness.imaging.edits.printing import BLACK, DARKEST, MOST_BEND, WHITE, box_px, ink_for, printed, set_off
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
    box = free_place(ground_of(rgb, product), stamp.shape[1] / stamp.shape[0])
    made, alpha = printed(rgb, product, stamp, box)
    ink = alpha > 0.5
    assert ink.mean() > 0.004
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
    assert np.all(alpha[30:70, 5:-5] == 1) and np.all(np.diff(row) > -1e-4)
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
        made, alpha = printed(rgb, mask, stamp, (0, 0, size[1], size[0]))
        assert made.shape == rgb.shape and alpha.shape == product.shape
        assert made.dtype == alpha.dtype == np.float32
        assert np.isfinite(made).all() and made.min() >= 0 and made.max() <= 1


def test_a_print_is_bent_along_folds_and_lies_straight_on_flat_cloth():
    x = np.indices((400, 400), dtype=np.float32)[1]
    folded = np.repeat((0.5 + 0.12 * np.sin(x / 14))[..., None], 3, axis=2).astype(np.float32)
    bar = np.ones((200, 6, 4), dtype=np.float32)
    box = (100, 100, 6, 200)
    _, flat = printed(plain(400, 400), everywhere(400, 400), bar, box)
    assert np.array_equal(np.flatnonzero(flat[200]), np.arange(100, 106))
    moved = [
        float(np.average(np.arange(400), weights=printed(folded, everywhere(400, 400), bar, (at, 100, 6, 200))[1][200]))
        - at
        - 2.5
        for at in range(100, 188, 4)
    ]
    assert max(moved) > 0.5 and min(moved) < -0.5 and max(np.abs(moved)) <= MOST_BEND


def test_ink_like_its_ground_is_outlined_and_what_is_plainly_seen_is_not():
    rgb, product, box = plain(100, 200, 0.2), everywhere(100, 200), (20, 20, 160, 60)
    alike, apart = (text_stamp("Sale", 60, colour) for colour in ((60, 50, 55), (240, 200, 20)))
    made = set_off(alike, rgb, product, box)
    assert made.shape > alike.shape
    assert (made[..., :3][made[..., 3] > 0.5].max(axis=1) > 0.9).mean() > 0.1
    assert set_off(apart, rgb, product, box) is apart
    card = np.full((40, 40, 4), 1, dtype=np.float32)
    card[..., :3] = 0.2
    assert set_off(card, rgb, product, box) is card, "the edge of a card need not be seen"
