import numpy as np
import pytest

from likeness.contract.colour_names import CLOTH
from likeness.imaging.edits.dye import MOST_OF_FLAT, dye_for
from likeness.imaging.edits.recolour import lab_of, lab_of_colour
from likeness.imaging.metrics.delta_e import ciede2000

RAMP = np.linspace(30, 62, 400, dtype=np.float32)
DARK = np.linspace(8, 20, 400, dtype=np.float32)
BRIGHT = np.linspace(70, 96, 400, dtype=np.float32)
VIVID = {"pure red": (255, 0, 0), "pure blue": (0, 0, 255), "pure yellow": (255, 255, 0), "near black": (8, 8, 8)}


def cloth(lightness):
    """Return grey cloth of these L*, 1 x N x 3 sRGB."""
    grey = np.where(lightness > 8, ((lightness + 16) / 116) ** 3, lightness * 27 / 24389)
    sample = np.where(grey <= 0.0031308, 12.92 * grey, 1.055 * grey ** (1 / 2.4) - 0.055)
    return np.repeat(sample[None, :, None], 3, axis=2).astype(np.float32)


def dyed(lightness, colour):
    return dye_for(colour, lightness).of(cloth(lightness))


@pytest.mark.parametrize("name", [name for name in CLOTH if name != "white"])
def test_the_mean_is_the_asked_colour(name):
    mean = lab_of(dyed(RAMP, CLOTH[name]))[0].mean(axis=0)
    assert ciede2000(mean, lab_of_colour(CLOTH[name])) < 2


@pytest.mark.parametrize("colour", [*CLOTH.values(), *VIVID.values()])
@pytest.mark.parametrize("lightness", [RAMP, DARK, BRIGHT])
def test_the_shading_keeps_its_order_and_enough_of_its_contrast(colour, lightness):
    made = lab_of(dyed(lightness, colour))[0, :, 0]
    assert np.all(np.diff(made) > -0.1)
    assert np.corrcoef(lightness, made)[0, 1] > 0.93
    assert 0.25 * lightness.std() < made.std() < MOST_OF_FLAT * 1.05 * lightness.std()


@pytest.mark.parametrize("colour", CLOTH.values())
@pytest.mark.parametrize("lightness", [RAMP, DARK, BRIGHT])
def test_nothing_is_clipped(colour, lightness):
    made = dyed(lightness, colour)
    assert made.max() < 1 and made.min() >= 0
    chroma = np.hypot(*lab_of_colour(colour)[1:])
    if chroma < 5:
        assert made.min() > 0


@pytest.mark.parametrize("name", ["red", "blue", "green", "purple", "orange", "turquoise", "pink"])
def test_the_hue_is_the_same_in_light_and_shade(name):
    lab = lab_of(dyed(RAMP, CLOTH[name]))[0]
    hue = np.degrees(np.arctan2(lab[:, 2], lab[:, 1]))
    assert np.ptp(np.unwrap(hue, period=360)) < 14, "Oklab's hue, not CIELAB's, is constant"


def test_a_dark_product_made_bright_shows_its_form():
    made = lab_of(dyed(DARK, CLOTH["light blue"]))[0, :, 0]
    assert made.std() > 1.2 * DARK.std()


def test_white_cloth_has_folds_and_is_near_white():
    made = lab_of(dyed(RAMP, (255, 255, 255)))[0]
    assert 90 < made[:, 0].mean() < 99
    assert np.abs(made[:, 1:]).max() < 1
    assert np.ptp(made[:, 0]) > 4


def test_any_few_pixels_will_do():
    for few in ([], [50.0], [0.0, 100.0]):
        table = dye_for((200, 30, 40), np.array(few, dtype=np.float32)).table
        assert np.isfinite(table).all() and table.min() >= 0 and table.max() <= 1
