import numpy as np
import pytest
from PIL import Image

from likeness.imaging.frame import upright
from likeness.imaging.picture import Picture
from likeness.imaging.upright import upright_image


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_is_turned_as_its_samples_are(orientation):
    samples = np.arange(24, dtype=np.uint8).reshape(4, 6)
    turned = upright_image(Picture(Image.fromarray(samples), "png", orientation=orientation))
    assert np.array_equal(np.asarray(turned), upright(samples, orientation))
