"""Enlarging by a network, on a small one of random weights: what it makes is held to what was given."""

import cv2
import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from likeness.imaging.colour import as_rgb
from tests.imaging.metrics.pairs import textured
from tests.support.tiny_upscaler import upscaler
from worker.networks.upscaler import TILE, load


@pytest.mark.parametrize("size", [(1, 1), (33, 50), (TILE + 40, 60)])
def test_it_doubles_each_side_and_is_the_original_again_when_scaled_down(tmp_path, size):
    upscaler(tmp_path)
    given = as_rgb(cv2.GaussianBlur(textured(*size), (0, 0), 1.5).reshape(*size, 3))
    made = load(tmp_path, "cpu").enlarged(given)
    assert made.shape == (2 * size[0], 2 * size[1], 3) and made.dtype == np.uint8
    small = cv2.resize(made, size[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(int) - given).mean() < 4, "whatever its weights are"


def test_one_that_lacks_weights_is_not_loaded(tmp_path):
    upscaler(tmp_path)
    file = tmp_path / "model.safetensors"
    weights = load_file(file)
    weights.pop(next(iter(weights)))
    save_file(weights, file, {"format": "pt"})
    with pytest.raises(OSError, match="missing"):
        load(tmp_path, "cpu")
