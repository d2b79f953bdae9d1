"""The comparison of studies, on two drawn photos and the engine that ships."""

import csv
import json
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from benchmarks.studies.__main__ import main
from benchmarks.studies.record import BEGIN, COMMAND, END, compared, names_of, record, with_table
from benchmarks.studies.runs import Row, run
from benchmarks.studies.size import shapes_in
from benchmarks.studies.tables import COLUMNS
from benchmarks.studies.trials import Trial, grids_of, trials_of
from likeness.contract.catalogue import Catalogue, load_catalogue
from likeness.contract.engines import ParameterSpec
from likeness.contract.figures import Figures, load_figures
from likeness.imaging.assessment.assess import WITHOUT_NETWORKS
from tests.support.places import ROOT
from worker.config import Settings
from worker.residency.engines import Residents

CATALOGUE = load_catalogue()
LOADED = ("vae", "unet", "text_encoder", "cleaner")
"""The starter's parts; the folder holds one more, which another engine loads."""


def drawn(folder: Path, name: str, width: int, height: int) -> Path:
    canvas = np.full((height, width, 3), 230, np.uint8)
    cv2.ellipse(canvas, (width // 2, height // 2), (width // 3, height // 3), 0, 0, 360, (160, 40, 60), -1, cv2.LINE_AA)
    Image.fromarray(canvas).save(folder / name)
    return folder / name


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("photos")
    drawn(folder, "a.mask.png", 8, 8)
    return [drawn(folder, "a.png", 72, 96), drawn(folder, "b.jpg", 99, 64)]


@pytest.fixture(scope="module")
def residents() -> Residents:
    return Residents.of(Settings())


@pytest.fixture(scope="module")
def rows(photos: list[Path], residents: Residents) -> list[Row]:
    trials = trials_of(CATALOGUE, ["starter"], [], {"starter": {"strength": [0.0, 0.3]}})
    return list(run(trials, photos, residents, WITHOUT_NETWORKS, lambda name: None))


def names(trials: list[Trial]) -> list[str]:
    return [trial.name for trial in trials]


def test_every_recreate_engine_that_is_installed_is_tried_in_the_catalogues_order() -> None:
    installed = ["sdxl", "starter-edit", "sd15", "starter"]
    assert names(trials_of(CATALOGUE, installed, [], {})) == ["starter", "sd15", "sdxl"]
    assert names(trials_of(CATALOGUE, installed, ["sdxl"], {})) == ["sdxl"]


def test_every_combination_of_a_grid_is_tried() -> None:
    grids = grids_of(["starter:strength=0,0.3", "starter:steps=2,4"])
    assert names(trials_of(CATALOGUE, ["starter"], [], grids)) == [
        f"starter strength={strength} steps={steps}" for strength in (0, 0.3) for steps in (2, 4)
    ]


def test_every_layer_is_tried_unless_some_are_named() -> None:
    layers = ParameterSpec(default="layer3", choices=["layer1", "layer3"])
    starter = CATALOGUE.find("starter")
    layered = starter.model_copy(update={"parameters": starter.parameters | {"layer": layers}})
    catalogue = Catalogue(engine=[layered])
    assert names(trials_of(catalogue, ["starter"], [], {})) == ["starter layer=layer1", "starter layer=layer3"]
    assert names(trials_of(catalogue, ["starter"], [], grids_of(["starter:layer=layer3"]))) == ["starter layer=layer3"]


@pytest.mark.parametrize(
    ("engine", "grid", "said"),
    [
        (["sdxl"], [], "not installed, or no recreate engine: sdxl"),
        (["starter-edit"], [], "no recreate engine: starter-edit"),
        ([], ["vae:layer=1"], "vae"),
        ([], ["starter"], "is not ENGINE:PARAMETER=VALUE,VALUE"),
        ([], ["starter:strength=2"], "starter: .*less than or equal to 1"),
        ([], ["starter:scheduler=euler"], "does not support it"),
    ],
)
def test_what_cannot_be_tried_is_said(engine: list[str], grid: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        trials_of(CATALOGUE, ["starter", "starter-edit"], engine, grids_of(grid))


def test_a_row_holds_the_medians_of_its_photos_and_the_size_of_its_engine(rows: list[Row]) -> None:
    plain, noised = rows
    assert [made.photo for made in plain.made] == ["a.png", "b.jpg"]
    assert plain.medians["ssim"] == pytest.approx(sum(made.figures["ssim"] for made in plain.made) / 2)
    assert plain.medians["psnr"] > noised.medians["psnr"] > 15 and plain.medians["seconds"] > 0
    assert "st_lpips" not in plain.medians, "its weights are not installed"
    files = [file for part in LOADED for file in (ROOT / "weights/starter" / part).rglob("*.safetensors")]
    held = sum(math.prod(shape) for file in files for shape in shapes_in(file).elements())
    assert plain.medians["million_parameters"] == held / 1e6
    assert plain.medians["megabytes"] == sum(file.stat().st_size for file in files) / 1e6


def test_the_command_writes_every_figure_and_a_sheet_of_each_photo(
    photos: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([str(photos[0].parent), "--engine", "starter", "--out", str(tmp_path / "out")])
    assert "starter" in capsys.readouterr().out
    with (tmp_path / "out/rows.csv").open() as file:
        told = list(csv.DictReader(file))
    assert [(row["engine"], row["photo"]) for row in told] == [("starter", "a.png"), ("starter", "b.jpg")]
    assert all(float(row["ssim"]) > 0.5 and row["st_lpips"] == "" for row in told)
    assert sorted(path.name for path in (tmp_path / "out").glob("*.png")) == ["a.png.png", "b.jpg.png"]


def test_rows_are_recorded_for_the_api_and_the_page(
    rows: list[Row], photos: list[Path], residents: Residents, tmp_path: Path
) -> None:
    (tmp_path / "likeness/contract").mkdir(parents=True)
    (tmp_path / "docs").mkdir()
    (tmp_path / "likeness/contract/figures.json").write_text('{"measured": []}')
    (tmp_path / "docs/studies.md").write_text(f"# Before\n\n{BEGIN}an old table\n{END}\nAfter\n")
    for _ in range(2):
        record(rows, photos[0], residents, CATALOGUE, tmp_path)
    recorded = json.loads((tmp_path / "likeness/contract/figures.json").read_text())
    figures = Figures.model_validate(recorded)
    assert len(figures.measured) == 2, "a second time replaces the first"
    (default,) = figures.of(CATALOGUE.find("starter"))
    assert default.figures["ssim"] == pytest.approx(rows[0].medians["ssim"], rel=1e-3) and default.pictures == 2
    page = (tmp_path / "docs/studies.md").read_text()
    assert page.startswith("# Before\n") and page.endswith("\nAfter\n") and "old" not in page
    assert "| `starter strength=0.3` |" in page and f"{default.figures['psnr']:#.3g}" in page
    with Image.open(tmp_path / "docs/studies.jpg") as sheet:
        assert sheet.format == "JPEG"


def test_a_page_without_a_place_for_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="no place for the table"):
        with_table("# The studies", [])


def test_docs_show_what_was_recorded() -> None:
    page = (ROOT / "docs/studies.md").read_text("utf-8")
    recorded = compared(load_figures())
    assert with_table(page, recorded) == page
    assert len(set(names_of(recorded))) == len(recorded)
    assert COMMAND in page and all(head in page for head in COLUMNS.values())
    assert (ROOT / "docs/studies.jpg").stat().st_size <= 200_000
