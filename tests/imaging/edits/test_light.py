import numpy as np
import pytest

from likeness.contract import vocabulary
from likeness.imaging.edits.light import LIGHTS, relit
from likeness.imaging.edits.recolour import lab_of
from tests.imaging.edits import products

RGB, _ = products.photographed()
BEFORE = lab_of(RGB)
COARSE = 0.5  # how far OpenCV's CIELAB may be off: it reads a table


def after(name):
    return lab_of(relit(RGB, name))


def test_there_is_a_light_for_every_word():
    assert tuple(LIGHTS) == vocabulary.LIGHTS


@pytest.mark.parametrize("name", LIGHTS)
@pytest.mark.parametrize("level", [0.0, 1.0])
def test_black_and_white_keep_their_lightness(name, level):
    flat = np.full((3, 4, 3), level, dtype=np.float32)
    assert np.allclose(
        lab_of(relit(flat, name))[..., 0], 100 * level, atol=4 if name in ("warmer", "cooler") else COARSE
    )


@pytest.mark.parametrize("name", ["brighter", "darker", "contrast", "softer"])
def test_lightness_moves_and_keeps_its_order(name):
    grey = np.linspace(0, 1, 50, dtype=np.float32)[None, :, None].repeat(3, axis=2)
    lightness = lab_of(relit(grey, name))[0, :, 0]
    assert np.all(np.diff(lightness) > -COARSE)
    assert np.abs(lab_of(relit(grey, name))[..., 1:]).max() < COARSE


def test_each_goes_its_way():
    assert after("softer")[..., 0].std() < BEFORE[..., 0].std() - 1
    assert after("brighter")[..., 0].mean() > BEFORE[..., 0].mean() + 5
    assert after("darker")[..., 0].mean() < BEFORE[..., 0].mean() - 5
    assert after("contrast")[..., 0].std() > BEFORE[..., 0].std() * 1.1
    assert after("warmer")[..., 2].mean() > BEFORE[..., 2].mean() + 5
    assert after("cooler")[..., 2].mean() < BEFORE[..., 2].mean() - 5


def test_greyscale_has_no_chroma_and_once_is_enough():
    grey = relit(RGB, "greyscale")
    assert np.abs(lab_of(grey)[..., 1:]).max() < COARSE
    assert np.allclose(lab_of(grey)[..., 0], BEFORE[..., 0], atol=COARSE)
    assert np.allclose(relit(grey, "greyscale"), grey, atol=1 / 255)


@pytest.mark.parametrize("name", LIGHTS)
@pytest.mark.parametrize("size", products.SIZES)
def test_any_size_will_do(size, name):
    rgb, _ = products.shaded(*size)
    made = relit(rgb, name)
    assert made.shape == rgb.shape and made.dtype == np.float32
    assert made.min() >= 0 and made.max() <= 1
