"""Photos with masks, as the benchmark reads them."""

from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.customisation.workbench import photos_of


def photo(folder: Path, name: str, mask: bool = True) -> None:
    Image.new("RGB", (12, 8), "red").save(folder / f"{name}.jpg")
    if mask:
        plane = np.zeros((8, 12), np.uint8)
        plane[:, :6] = 255
        Image.fromarray(plane).save(folder / f"{name}.mask.png")


def test_photos_without_masks_are_taken_where_that_is_asked(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    photo(folder, "b")
    photo(folder, "a")
    photo(folder, "bare", mask=False)
    assert [found.name for found in photos_of(folder)] == ["a", "b"]
    assert [found.name for found in photos_of(folder, 1)] == ["a"]
    (*_, bare) = photos_of(folder, found=True)
    assert bare.name == "bare" and bare.mask.shape == bare.rgb.shape[:2]
    assert photos_of(folder)[0].label == "product"


def test_a_table_beside_the_folder_names_the_products(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    photo(folder, "a")
    (tmp_path / "photos.csv").write_text("file,label\na.jpg,shirt\n")
    assert photos_of(folder)[0].label == "shirt"


def test_where_the_product_is(tmp_path: Path) -> None:
    photo(tmp_path, "a")
    found = photos_of(tmp_path)[0]
    assert found.rgb.shape == (8, 12, 3) and found.inside[:, :6].all() and found.outside[:, 6:].all()
    assert not (found.surely_inside & found.outside).any()
    larger = found.resized(24, 16)
    assert larger.rgb.shape == (16, 24, 3) and larger.inside.sum() == 4 * found.inside.sum()
