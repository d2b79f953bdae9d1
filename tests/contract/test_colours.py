"""The table of colours: its values against other sources, and what modifiers do to them."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageColor

from likeness.contract.colour_names import CLOTH, CSS, NAMES, XKCD, rgb_of_code
from likeness.contract.colours import MODIFIERS, cloth_colour, hue_apart, is_colour, lab_of, screen_colour

GREYS = ("black", "white", "grey", "silver", "dim grey")


def test_the_values_of_css_are_those_that_pillow_has():
    ours = {name.replace(" ", ""): rgb for name, rgb in CSS.items()}
    theirs = {name: ImageColor.getrgb(name) for name in ImageColor.colormap if "gray" not in name}
    assert ours == theirs


def test_the_survey_has_enough_names():
    assert len(XKCD) >= 150 and set(CLOTH) <= set(NAMES)


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_cielab_is_that_of_opencv(rgb):
    pixel = np.array(rgb, np.float32).reshape(1, 1, 3) / 255
    assert np.allclose(lab_of(rgb), cv2.cvtColor(pixel, cv2.COLOR_RGB2LAB)[0, 0], atol=0.6)


@pytest.mark.parametrize("modifier", MODIFIERS)
def test_a_modifier_brings_a_colour_into_its_range_and_keeps_its_hue(modifier):
    """Every colour of one word, in one test: 1,700 of them took longer to be counted than to be run."""
    names = [name for name in NAMES if " " not in name]
    assert all(is_colour(f"{modifier} {name}") for name in names)
    computed = [name for name in names if f"{modifier} {name}" not in NAMES]
    assert [name for name in computed if not in_range(MODIFIERS[modifier], screen_colour(f"{modifier} {name}"))] == []
    assert [name for name in computed if not keeps_hue(cloth_colour(name), screen_colour(f"{modifier} {name}"))] == []


def in_range(wanted, rgb):
    lightness, a, b = lab_of(rgb)
    colourful = math.hypot(a, b) <= wanted.colourfulness[1] + 2
    return colourful and wanted.lightness[0] - 1 <= lightness <= wanted.lightness[1] + 1


def keeps_hue(plain, rgb):
    """Return whether two colours are of one hue; greyish ones have none."""
    grey = min(math.hypot(*lab_of(one)[1:]) for one in (plain, rgb)) <= 8
    return grey or hue_apart(rgb, plain) < 8


@pytest.mark.parametrize("name", ["red", "green", "teal", "mustard", "grey", "plum"])
def test_modifiers_go_their_way(name):
    shades = ["very dark", "dark", "deep", "light", "very light"]
    lightness = [lab_of(cloth_colour(f"{shade} {name}"))[0] for shade in shades]
    assert lightness == sorted(lightness)
    chroma = [math.hypot(*lab_of(cloth_colour(f"{shade} {name}"))[1:]) for shade in ("dusty", "vivid")]
    assert name == "grey" or chroma[0] < chroma[1]


@pytest.mark.parametrize("name", GREYS)
def test_what_is_grey_stays_grey(name):
    for modifier in MODIFIERS:
        if f"{modifier} {name}" not in NAMES:
            assert np.ptp(screen_colour(f"{modifier} {name}")) <= 4


def test_a_code_is_its_own_colour():
    assert cloth_colour("#1f4e79") == screen_colour("#1f4e79") == rgb_of_code("1F4E79") == (0x1F, 0x4E, 0x79)


@pytest.mark.parametrize("name", ["", "glow", "dark", "dark glow", "#12345", "red red"])
def test_what_is_no_colour_is_none(name):
    assert not is_colour(name)
    with pytest.raises(KeyError):
        screen_colour(name)


def test_cloth_is_not_dyed_as_a_screen_shines():
    assert cloth_colour("red") != screen_colour("red") == (255, 0, 0)
    assert cloth_colour("teal") == screen_colour("teal") == (0, 128, 128)
