"""How alike the colours of a set are, and which result stands out."""

import numpy as np
import pytest
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab

from likeness.imaging.assessment.sets import product_colour, set_colours
from likeness.imaging.picture import Picture


def product(colour: tuple[int, int, int], ground: tuple[int, int, int] = (255, 255, 255), mode: str = "RGB") -> Picture:
    pixels = np.full((60, 80, 3), ground, np.uint8)
    pixels[20:45, 25:60] = colour
    image = Image.fromarray(pixels)
    if mode == "RGBA":
        alpha = np.zeros((60, 80), np.uint8)
        alpha[20:45, 25:60] = 255
        image.putalpha(Image.fromarray(alpha))
    return Picture(image, "png")


@pytest.mark.parametrize("ground", [(255, 255, 255), (40, 90, 60)])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_the_colour_is_the_products(ground: tuple[int, int, int], mode: str) -> None:
    found = product_colour(product((160, 16, 32), ground, mode))
    assert found == pytest.approx(rgb2lab(np.array([[[160, 16, 32]]], np.uint8))[0, 0], abs=0.1)


def test_a_matte_says_where_the_product_is() -> None:
    matte = np.zeros((60, 80), np.float32)
    matte[:10] = 1
    found = product_colour(product((160, 16, 32), (40, 90, 60)), matte)
    assert found == pytest.approx(rgb2lab(np.array([[[40, 90, 60]]], np.uint8))[0, 0], abs=0.1)


def test_the_odd_one_is_named() -> None:
    colours = {number: (40.0 + 0.2 * number, 50.0, 20.0) for number in range(5)} | {9: (40.0, 30.0, 40.0)}
    found = set_colours(colours)
    assert found.odd == 9 and found.spread == found.distances[9]
    middle = np.median(np.array(list(colours.values())), axis=0)
    assert found.spread == pytest.approx(float(deltaE_ciede2000(np.array(colours[9]), middle)), abs=0.02)


@pytest.mark.parametrize(
    "colours",
    [
        {0: (40.0, 50.0, 20.0)},
        {0: (40.0, 50.0, 20.0), 1: (40.0, 20.0, 50.0)},
        {number: (40.0 + 0.3 * number, 50.0, 20.0) for number in range(6)},
        {number: (20.0 + 12 * number, 50.0, 20.0) for number in range(5)},
    ],
)
def test_none_is_odd_where_all_are_alike_or_none_is(colours: dict[int, tuple[float, float, float]]) -> None:
    assert set_colours(colours).odd is None
