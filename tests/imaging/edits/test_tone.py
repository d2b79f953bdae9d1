import numpy as np
import pytest

from likeness.contract import vocabulary
from likeness.imaging.edits.recolour import lab_of
from likeness.imaging.edits.tone import TONES, toned
from tests.imaging.edits import products

RGB, _ = products.photographed()
BEFORE = lab_of(RGB)
VIVID = np.random.default_rng(0).random((60, 80, 3), dtype=np.float32)


def after(name, amount=1.0):
    return lab_of(toned(RGB, name, amount))


def test_there_is_a_tone_for_every_word():
    assert set(TONES) == set(vocabulary.LIGHTS)


def test_greyscale_is_grey_to_the_bit_and_as_light_as_before():
    for rgb in (RGB, VIVID):
        grey = toned(rgb, "greyscale")
        assert np.array_equal(grey[..., 0], grey[..., 1]) and np.array_equal(grey[..., 0], grey[..., 2])
        assert np.allclose(lab_of(grey)[..., 0], lab_of(rgb)[..., 0], atol=0.6)
        assert np.allclose(toned(grey, "greyscale"), grey, atol=0.5 / 255)


def test_each_goes_its_way():
    assert after("brighter")[..., 0].mean() > BEFORE[..., 0].mean() + 4
    assert after("darker")[..., 0].mean() < BEFORE[..., 0].mean() - 4
    assert after("contrast")[..., 0].std() > BEFORE[..., 0].std() * 1.05
    assert after("softer")[..., 0].std() < BEFORE[..., 0].std() * 0.95
    assert after("warmer")[..., 2].mean() > BEFORE[..., 2].mean() + 5
    assert after("cooler")[..., 2].mean() < BEFORE[..., 2].mean() - 5


@pytest.mark.parametrize("name", ["warmer", "cooler"])
def test_warmth_leaves_lightness_alone(name):
    assert np.abs(after(name)[..., 0] - BEFORE[..., 0]).max() < 1


@pytest.mark.parametrize("name", TONES)
@pytest.mark.parametrize("rgb", [RGB, VIVID], ids=["photo", "vivid"])
def test_nothing_clips_that_did_not(name, rgb):
    made = np.rint(toned(rgb, name) * 255)
    given = np.rint(rgb * 255)
    assert not ((made == 255).any(axis=2) & (given < 251).all(axis=2)).any()


@pytest.mark.parametrize("name", ["brighter", "darker", "contrast", "softer"])
def test_lightness_keeps_its_order_and_ends_and_hue_stays(name):
    grey = np.linspace(0, 1, 256, dtype=np.float32)[None, :, None].repeat(3, axis=2)
    made = toned(grey, name)
    assert np.all(np.diff(made[0, :, 0]) >= 0)
    assert made[0, 0, 0] == pytest.approx(0, abs=1e-3) and made[0, -1, 0] == pytest.approx(1, abs=1e-3)
    assert np.ptp(made, axis=2).max() < 1e-3
    colourful = np.hypot(BEFORE[..., 1], BEFORE[..., 2]) > 12
    if colourful.any():
        hues = [np.arctan2(lab[..., 2], lab[..., 1])[colourful] for lab in (BEFORE, after(name))]
        assert np.abs(np.angle(np.exp(1j * (hues[0] - hues[1])))).mean() < 0.15


@pytest.mark.parametrize("name", TONES)
def test_less_of_it_does_less_and_none_of_it_nothing(name):
    change = [np.abs(toned(RGB, name, amount) - RGB).mean() for amount in (0.0, 0.5, 1.0)]
    assert change[0] < 0.5 / 255 and change[0] < change[1] < change[2]


@pytest.mark.parametrize("name", TONES)
@pytest.mark.parametrize("size", products.SIZES)
def test_any_size_will_do_and_nothing_given_is_changed(size, name):
    rgb, _ = products.shaded(*size)
    given = rgb.copy()
    made = toned(rgb, name)
    assert made.shape == rgb.shape and made.dtype == np.float32
    assert made.min() >= 0 and made.max() <= 1 and np.array_equal(rgb, given)
