"""The benchmark of generators: real parts, few pictures."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.customisation.grid import CELL
from benchmarks.generators import SIDE, Real, Sampled, measured, nearest, samples, square, table
from benchmarks.generators import measure as measure_generators
from likeness.contract.catalogue import load_catalogue
from likeness.contract.figures import Figures
from tests.training.conftest import data, few_held_out  # noqa: F401  fixtures
from worker.config import Settings
from worker.residency.engines import Residents


def test_the_nearest_is_found_and_a_row_is_not_its_own_neighbour() -> None:
    among = np.random.default_rng(0).standard_normal((9, 4))
    found, distances = nearest(among[[4, 2]] + 1e-3, among)
    assert found.tolist() == [4, 2] and distances == pytest.approx(2e-3)
    others, far = nearest(among, among, others=True)
    every = np.linalg.norm(among[:, None] - among[None], axis=2) + np.diag(np.full(9, np.inf))
    assert (others == every.argmin(1)).all() and far == pytest.approx(every.min(1))


def test_the_halves_share_no_picture_and_are_of_the_same_size() -> None:
    rows = np.arange(20.0)[:, None]
    one, two = Real("any", np.zeros((20, SIDE, SIDE, 3), np.uint8), rows).halves(7)
    assert len(one) == len(two) == 7 and not set(one.ravel()) & set(two.ravel())


def test_a_photo_is_cut_to_its_middle_square() -> None:
    photo = np.zeros((80, 120, 3), np.uint8)
    photo[:, 20:100] = 200
    assert square(photo).shape == (SIDE, SIDE, 3) and (square(photo) == 200).all()


def test_samples_follow_their_seeds() -> None:
    spec = load_catalogue().find("dcgan")
    engine = Residents.of(Settings()).engine(spec)
    first, second = (list(samples(engine, spec, ["hat", "shoes"])) for _ in range(2))
    assert np.array_equal(first, second) and (first[0] != first[1]).any()
    assert first[0].shape == (SIDE, SIDE, 3) and first[0].dtype == np.uint8


def test_the_table_has_the_floor_and_a_sheet_shows_the_neighbours(
    data: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("training.data.garments.LEAST", 8)
    monkeypatch.setattr("benchmarks.generators.SHOWN", 2)
    measure_generators(data, 4, ["dcgan"], tmp_path / "sheet.png", 0)
    printed = capsys.readouterr().out
    assert "4 against 4" in printed and "real" in printed and "dcgan" in printed
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > 2 * CELL and sheet.height > 2 * CELL, "two samples, their neighbours beside them"


def test_the_distance_to_itself_is_below_the_floor() -> None:
    random = np.random.default_rng(0)
    rows = random.standard_normal((40, 6))
    real = Real("any", np.zeros((40, SIDE, SIDE, 3), np.uint8), rows)
    cells = [list(column.cells) for column in table([real], [], 20).columns]
    assert cells[0] == ["real"] and float(cells[1][0]) > 0


def test_what_is_recorded_says_the_distance_and_the_floor_of_each_kind() -> None:
    random = np.random.default_rng(0)
    pictures = np.zeros((20, SIDE, SIDE, 3), np.uint8)
    real = Real("garments on white", np.concatenate([pictures, pictures]), random.standard_normal((40, 6)))
    far = Sampled("dcgan", pictures, random.standard_normal((20, 6)) + 9)
    spec = load_catalogue().find("dcgan")
    found = measured([real], far, spec, "a machine")
    assert found.pictures == 20 and Figures(measured=[found]).of(spec) == [found]
    distance, floor = found.figures.values()
    assert list(found.figures) == ["frechet_distance_to_garments_on_white", "frechet_distance_within_garments_on_white"]
    assert distance > 6 * 9**2 / 2 > floor > 0
