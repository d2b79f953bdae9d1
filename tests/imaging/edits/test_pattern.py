import numpy as np
import pytest

from likeness.contract import colour_names, vocabulary
from likeness.imaging.edits.pattern import MATERIALS, PATTERNS, PERIOD, in_material, patterned
from likeness.imaging.edits.recolour import lab_of
from tests.imaging.edits import products

YELLOW = colour_names.CLOTH["yellow"]
DRAWN = {name: lambda rgb, mask, name=name: patterned(rgb, mask, name, YELLOW) for name in PATTERNS}
MADE_OF = {name: lambda rgb, mask, name=name: in_material(rgb, mask, name) for name in MATERIALS}
ALL = DRAWN | MADE_OF


def test_there_is_one_for_every_word():
    assert tuple(PATTERNS) == vocabulary.PATTERNS
    assert tuple(MATERIALS) == vocabulary.MATERIALS


@pytest.mark.parametrize("name", ALL)
def test_a_pattern_changes_the_inside_and_not_one_bit_outside(name):
    rgb, mask = products.photographed()
    made = ALL[name](rgb, mask)
    assert made.dtype == np.float32 and made.min() >= 0 and made.max() <= 1
    assert np.array_equal(made[mask == 0], rgb[mask == 0])
    assert np.abs(made - rgb)[mask > 0.5].mean() > 0.05
    assert np.array_equal(made, ALL[name](rgb, mask)), "drawn by formula, not by chance"


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_is_partly_its_colour_and_partly_the_product(name):
    rgb, mask = products.shaded(160, 160)
    made, inside = patterned(rgb, mask, name, YELLOW), mask == 1
    assert 0.1 < np.mean(lab_of(made)[inside][:, 2] > 30) < 0.9
    assert np.mean(np.abs(made - rgb).max(axis=2)[inside] < 0.01) > 0.1


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_repeats_and_stays_between_nothing_and_all(name):
    y, x = np.mgrid[: 2 * PERIOD, : 2 * PERIOD].astype(np.float32)
    drawn = PATTERNS[name](x, y)
    assert drawn.min() >= 0 and drawn.max() <= 1
    assert np.allclose(drawn[:PERIOD, :PERIOD], drawn[PERIOD:, PERIOD:], atol=1e-4)


def test_stripes_stand_and_hoops_lie():
    flat, everywhere = np.full((64, 64, 3), 0.5, dtype=np.float32), np.ones((64, 64), dtype=np.float32)
    assert np.ptp(patterned(flat, everywhere, "stripes", YELLOW), axis=0).max() < 1e-3
    assert np.ptp(patterned(flat, everywhere, "hoops", YELLOW), axis=1).max() < 1e-3


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("size", products.SIZES)
def test_any_size_and_an_empty_mask_will_do(size, name):
    rgb, mask = products.shaded(*size)
    assert ALL[name](rgb, mask).shape == rgb.shape
    assert np.array_equal(ALL[name](rgb, np.zeros_like(mask)), rgb)
