"""The benchmark of styles runs: nothing else calls it between two releases."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.styles import Bench, canvas_of, drawn_styles, measure
from likeness.contract.catalogue import load_catalogue
from tests.support.places import ROOT
from worker.config import Settings
from worker.residency.engines import Residents

EXAMPLE = ROOT / "examples/cap-plaid.jpg"


def test_it_paints_a_photo_in_every_style_and_measures_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.styles.SQUARE", 64)
    photo = tmp_path / "small.jpg"
    with Image.open(EXAMPLE) as example:
        example.convert("RGB").resize((120, 90)).save(photo)
    table = measure([photo], ["adain"], tmp_path / "sheet.png")
    (engine, before, after, edges, seconds, square) = (next(iter(column.cells)) for column in table.columns)
    assert engine == "adain" and float(after) < float(before)
    assert 0 <= float(edges) <= 1 and float(seconds) > 0 and float(square) > 0
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > 1000


def test_a_style_is_at_no_distance_from_itself_and_photos_are_cut_to_the_grid() -> None:
    bench, styles = Bench(Residents.of(Settings())), drawn_styles()
    first, second = list(styles.values())[:2]
    assert bench.style_error(first, first) == 0 < bench.style_error(first, second)
    assert {side % 8 for side in canvas_of(EXAMPLE).shape[:2]} == {0}
    assert {spec.name for spec in bench.engines()} >= {"adain", "style-transfer"}
    assert load_catalogue().find("adain") in bench.engines() and np.ptp(first) > 0.1
