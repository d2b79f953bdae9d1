"""The finder of hangers: it sees those of photos that it was not trained on, and none where there is none."""

from functools import cache

import numpy as np
import pytest
from PIL import Image

from likeness.contract.gates import MOST_HANGER
from likeness.imaging.packshot.cutout import cut_out
from tests.support.places import EXAMPLES
from worker.config import WEIGHTS
from worker.editing.hanging import cut_bare
from worker.networks.hangers import DETAIL, HangerFinder, load
from worker.networks.segmenter import load as load_segmenter


@cache
def finder() -> HangerFinder:
    return load(WEIGHTS / "hanger", WEIGHTS / "mobilenet-v2")


@cache
def given(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return an example, H x W x 3 in 0..255, and where the product is, H x W in 0..1."""
    rgb = np.asarray(Image.open(EXAMPLES / f"{name}.jpg").convert("RGB"))
    return rgb, load_segmenter(WEIGHTS / "segmenter").product(rgb.astype(np.float32) / 255)


@pytest.mark.parametrize("name", ["shirt-plaid", "sweater-printed"])
def test_a_bar_in_the_neck_and_a_broad_hanger_are_seen(name: str) -> None:
    rgb, mask = given(name)
    product = cut_out(rgb, mask, mask)
    assert (finder().shows(product.rgb, product.alpha) or 0) > MOST_HANGER


@pytest.mark.parametrize("name", ["cap-plaid", "sandals"])
def test_what_does_not_hang_shows_none(name: str) -> None:
    rgb, mask = given(name)
    product = cut_out(rgb, mask, mask)
    assert (finder().shows(product.rgb, product.alpha) or 0) < MOST_HANGER


def test_what_shows_a_hanger_that_cannot_go_stays_whole() -> None:
    rgb, mask = given("shirt-plaid")
    assert (cut_bare(rgb, mask, mask, finder().shows).alpha == cut_out(rgb, mask, mask).alpha).all()


def test_a_larger_copy_gives_the_same_and_nothing_gives_none() -> None:
    rgb, mask = given("shirt-plaid")
    product = cut_out(rgb, mask, mask)
    less = DETAIL / min(mask.shape)
    small = [
        np.asarray(Image.fromarray(one).resize((round(mask.shape[1] * less), DETAIL)))
        for one in (product.rgb, product.alpha)
    ]
    assert abs((finder().shows(*small) or 0) - (finder().shows(product.rgb, product.alpha) or 0)) < 0.2
    assert finder().shows(rgb, np.zeros(mask.shape, np.uint8)) is None


def test_weights_that_are_missing_are_told() -> None:
    with pytest.raises(OSError, match=r"model\.safetensors"):
        load(WEIGHTS / "none", WEIGHTS / "mobilenet-v2")
