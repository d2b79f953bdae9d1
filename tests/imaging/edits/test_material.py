import numpy as np
import pytest

from likeness.contract import vocabulary
from likeness.imaging.edits.material import MATERIALS, in_material
from tests.imaging.edits import products

ALL = {name: lambda rgb, mask, name=name: in_material(rgb, mask, name) for name in MATERIALS}


def test_there_is_one_for_every_word():
    assert tuple(MATERIALS) == vocabulary.MATERIALS


@pytest.mark.parametrize("name", ALL)
def test_a_material_changes_the_inside_and_not_one_bit_outside(name):
    rgb, mask = products.photographed()
    made = ALL[name](rgb, mask)
    assert made.dtype == np.float32 and made.min() >= 0 and made.max() <= 1
    assert np.array_equal(made[mask == 0], rgb[mask == 0])
    assert np.abs(made - rgb)[mask > 0.5].mean() > 0.05
    assert np.array_equal(made, ALL[name](rgb, mask)), "drawn by formula, not by chance"


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("size", products.SIZES)
def test_any_size_and_an_empty_mask_will_do(size, name):
    rgb, mask = products.shaded(*size)
    assert ALL[name](rgb, mask).shape == rgb.shape
    assert np.array_equal(ALL[name](rgb, np.zeros_like(mask)), rgb)
