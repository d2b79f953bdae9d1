import numpy as np
import pytest

from likeness.contract import colour_names, vocabulary
from likeness.imaging.edits.backdrop import SHADOW, TEXTURES, gradient, on_backdrop, plain
from likeness.imaging.edits.recolour import lab_of, lab_of_colour
from tests.imaging.edits import products

GREEN = colour_names.CLOTH["green"]
BACKDROPS = TEXTURES | {
    "plain": lambda height, width: plain(height, width, GREEN),
    "gradient": lambda height, width: gradient(height, width, GREEN),
}


def test_there_is_a_texture_for_every_word():
    assert tuple(TEXTURES) == vocabulary.TEXTURES


@pytest.mark.parametrize("name", BACKDROPS)
@pytest.mark.parametrize("size", products.SIZES)
def test_a_backdrop_fills_its_size(size, name):
    drawn = BACKDROPS[name](*size)
    assert drawn.shape == (*size, 3) and drawn.dtype == np.float32
    assert drawn.min() >= 0 and drawn.max() <= 1


@pytest.mark.parametrize("name", BACKDROPS)
def test_only_the_outside_changes_and_a_shadow_takes_little_light(name):
    rgb, mask = products.photographed()
    drawn = BACKDROPS[name](*mask.shape)
    made = on_backdrop(rgb, mask, drawn)
    inside, outside = mask == 1, mask == 0
    assert np.allclose(made[inside], rgb[inside], atol=1e-6)
    assert np.all(made[outside] <= drawn[outside])
    assert np.all(made[outside] >= drawn[outside] * (1 - SHADOW) - 1e-6)
    assert np.any(made[outside] < drawn[outside] * 0.97), "there is a shadow"


def test_a_plain_backdrop_is_the_asked_colour():
    assert np.allclose(lab_of(plain(5, 7, GREEN)), lab_of_colour(GREEN))


def test_a_gradient_is_lighter_at_the_top():
    rows = gradient(40, 3, GREEN).mean(axis=(1, 2))
    assert np.all(np.diff(rows) < 0)


@pytest.mark.parametrize("size", products.SIZES)
def test_any_size_and_an_empty_or_full_mask_will_do(size):
    rgb, _ = products.shaded(*size)
    drawn = plain(*size, GREEN)
    assert np.array_equal(on_backdrop(rgb, np.zeros(size, dtype=np.float32), drawn), drawn)
    assert np.allclose(on_backdrop(rgb, np.ones(size, dtype=np.float32), drawn), rgb, atol=1e-6)
