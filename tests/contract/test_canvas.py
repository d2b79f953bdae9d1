"""The size that a canvas is worked on in."""

import math

import pytest

from likeness.contract.catalogue import load_catalogue
from likeness.contract.engines import CanvasSpec

CATALOGUE = load_catalogue()
SDXL = CATALOGUE.find("sdxl").canvas
TRAINED = [spec for spec in CATALOGUE.engines if spec.canvas.area]


@pytest.mark.parametrize("size", [(1024, 1024), (768, 512), (4000, 3000), (3000, 4000), (1920, 1080), (300, 200)])
@pytest.mark.parametrize("spec", TRAINED, ids=lambda spec: spec.name)
def test_what_is_worked_on_in_one_piece_has_the_trained_area(spec, size: tuple[int, int]) -> None:
    canvas = spec.canvas.shrunk
    width, height = canvas.fitted(*size)
    assert math.isclose(width * height, canvas.area, rel_tol=0.09)
    assert math.isclose(width / height, size[0] / size[1], rel_tol=0.09)
    assert not width % canvas.multiple and not height % canvas.multiple
    assert canvas.fitted(width, height) == (width, height), "what fits stays as it is"


def test_sixteen_to_nine_through_sdxl_is_as_large_as_a_square() -> None:
    assert SDXL.shrunk.fitted(1920, 1080) == (1368, 768)


def test_nothing_is_longer_than_the_trained_buckets_are() -> None:
    assert SDXL.shrunk.fitted(10_000, 500) == (2048, 104)


def test_in_tiles_a_large_picture_stays_and_a_small_one_is_enlarged() -> None:
    assert SDXL.fitted(4000, 3000) == (4000, 3000)
    assert SDXL.fitted(512, 512) == (1024, 1024)


def test_an_engine_of_no_trained_area_has_its_tile_and_its_native_side() -> None:
    canvas = CanvasSpec(multiple=8, minimum=64, tile=768, native=512, larger="smaller")
    assert canvas.fitted(4000, 3000) == (768, 576) and canvas.fitted(256, 128) == (512, 256)
