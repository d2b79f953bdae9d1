"""The shipped segmenter: it finds the product in photos, a known shape exactly, and nothing where nothing is."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from tests.support.places import EXAMPLES
from worker.config import WEIGHTS
from worker.networks.segmenter import Segmenter, load, stretched


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return load(WEIGHTS / "segmenter")


def disc(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a dark disc on white, H x W x 3 in 0..1, and where it is."""
    y, x = np.mgrid[:height, :width]
    truth = (y - height / 2) ** 2 + (x - width / 2) ** 2 < (min(height, width) / 4) ** 2
    return np.where(truth[..., None], np.float32(0.15), np.float32(1)).repeat(3, axis=2), truth


@pytest.mark.parametrize("name", ["cap-plaid", "exif-orientation-6", "portrait-624x807", "sandals", "skirt-denim"])
def test_a_photo_has_a_product_and_a_background(segmenter: Segmenter, name: str) -> None:
    photo = ImageOps.exif_transpose(Image.open(EXAMPLES / f"{name}.jpg")).convert("RGB")
    mask = segmenter.product(np.asarray(photo, dtype=np.float32) / 255)
    height, width = mask.shape
    assert 0.2 < (mask > 0.5).mean() < 0.7
    assert mask[height // 3 : -height // 3, width // 3 : -width // 3].mean() > 0.5, "it is in the middle"
    assert ((mask > 0.1) & (mask < 0.9)).mean() < 0.05, "and its edge is sharp"


def test_a_disc_is_found(segmenter: Segmenter) -> None:
    picture, truth = disc(400, 500)
    found = segmenter.product(picture) > 0.5
    assert (found & truth).sum() / (found | truth).sum() > 0.9


@pytest.mark.parametrize("grey", [0.0, 0.5, 1.0])
def test_nothing_is_found_in_nothing(segmenter: Segmenter, grey: float) -> None:
    assert segmenter.product(np.full((240, 320, 3), grey, dtype=np.float32)).max() < 0.1


@pytest.mark.parametrize(("height", "width"), [(1, 1), (37, 501), (624, 807)])
def test_the_size_stays(segmenter: Segmenter, height: int, width: int) -> None:
    mask = segmenter.product(disc(height, width)[0])
    assert mask.shape == (height, width) and mask.dtype == np.float32
    assert mask.min() >= 0 and mask.max() <= 1


def test_the_same_bytes_again_and_from_any_layout(segmenter: Segmenter) -> None:
    picture = disc(90, 120)[0]
    mask = segmenter.product(picture)
    assert np.array_equal(segmenter.product(picture), mask)
    assert np.array_equal(segmenter.product(np.asfortranarray(picture)), mask)


def test_a_map_is_stretched_only_where_the_network_is_sure() -> None:
    sure, empty, full = (np.array([[a, b]], dtype=np.float32) for a, b in [(0.1, 0.9), (0.0, 0.06), (0.9, 1.0)])
    assert np.allclose(stretched(sure), [[0, 1]])
    assert stretched(empty).max() < 0.1 and stretched(full).min() > 0.8


def test_an_empty_folder_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"model\.safetensors"):
        load(tmp_path)


def test_other_weights_are_an_oserror(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(OSError, match="does not hold the segmenter"):
        load(tmp_path)
