import numpy as np
import pytest

from likeness.imaging.oklab import encoded, light_of, lightness, linear, luminance, oklab_of


def test_the_authors_own_values_are_met():
    white, red = np.ones(3), np.array([1.0, 0, 0])
    assert oklab_of(white) == pytest.approx([1, 0, 0], abs=1e-4)
    assert oklab_of(red) == pytest.approx([0.62796, 0.22486, 0.12585], abs=1e-4)


def test_each_way_leads_back():
    light = np.random.default_rng(0).random((50, 3))
    assert np.allclose(light_of(oklab_of(light)), light, atol=1e-6)
    assert np.allclose(linear(encoded(light)), light)
    assert np.allclose(luminance(lightness(light)), light)


def test_more_light_is_the_same_hue():
    colour = oklab_of(np.array([[0.3, 0.05, 0.02], [0.15, 0.025, 0.01]]))
    hue = np.arctan2(colour[:, 2], colour[:, 1])
    assert hue[0] == pytest.approx(hue[1])


def test_middle_grey():
    assert lightness(np.array([0.1842]))[0] == pytest.approx(50, abs=0.1)
