"""Photos with masks, as the benchmark reads them."""

from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.customisation.workbench import with_masks


def photo(folder: Path, name: str, mask: bool = True) -> None:
    Image.new("RGB", (12, 8), "red").save(folder / f"{name}.jpg")
    if mask:
        plane = np.zeros((8, 12), np.uint8)
        plane[:, :6] = 255
        Image.fromarray(plane).save(folder / f"{name}.mask.png")


def test_only_photos_with_masks_are_taken(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    photo(folder, "b")
    photo(folder, "a")
    photo(folder, "bare", mask=False)
    assert [found.name for found in with_masks(folder)] == ["a", "b"]
    assert [found.name for found in with_masks(folder, 1)] == ["a"]
    assert with_masks(folder)[0].label == "product"


def test_a_table_beside_the_folder_names_the_products(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    photo(folder, "a")
    (tmp_path / "photos.csv").write_text("file,label\na.jpg,shirt\n")
    assert with_masks(folder)[0].label == "shirt"


def test_where_the_product_is(tmp_path: Path) -> None:
    photo(tmp_path, "a")
    found = with_masks(tmp_path)[0]
    assert found.rgb.shape == (8, 12, 3) and found.inside[:, :6].all() and found.outside[:, 6:].all()
    assert not (found.surely_inside & found.outside).any()
    larger = found.resized(24, 16)
    assert larger.rgb.shape == (16, 24, 3) and larger.inside.sum() == 4 * found.inside.sum()
