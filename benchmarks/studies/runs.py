"""Every trial on every photo, in one process: what was made, measured and seen."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from benchmarks.recreation import recreate
from benchmarks.studies.size import size_of
from benchmarks.studies.trials import Trial
from likeness.files.compare import upright
from likeness.imaging.assessment.contact_sheet import CELL, Cell, comparison_sheet
from likeness.imaging.assessment.learned import LearnedMetrics
from worker.residency.engines import Residents
from worker.runs.scoring import Candidate

FIGURES = ("ssim", "psnr", "delta_e", "st_lpips", "edge_f1")
"""Of the report; one that could not be measured has no value."""
SECONDS = "seconds"


@dataclass(frozen=True)
class Made:
    """What a trial made of one photo: its figures, and an image no larger than a cell of a sheet."""

    photo: str
    figures: dict[str, float]
    shown: Image.Image


@dataclass(frozen=True)
class Row:
    """A trial on all photos, and the size of its engine."""

    trial: Trial
    size: dict[str, float]
    made: list[Made]

    @property
    def medians(self) -> dict[str, float]:
        """The median over the photos of each figure that was measured on all of them, then the size."""
        names = [name for name in (*FIGURES, SECONDS) if all(name in one.figures for one in self.made)]
        return {name: statistics.median(one.figures[name] for one in self.made) for name in names} | self.size


def run(
    trials: Sequence[Trial],
    photos: Sequence[Path],
    residents: Residents,
    metrics: LearnedMetrics,
    report: Callable[[str], None],
) -> Iterator[Row]:
    """Yield each trial's row. The first photo is made once more before, untimed, so that nothing cold is timed.

    `report` is called with the name of the trial after each photo. Raises LikenessError when an engine fails.
    """
    for trial in trials:
        recreate(residents, trial.spec, photos[0].read_bytes(), trial.task)
        size = size_of(residents, trial.spec)
        made = []
        for photo in photos:
            made.append(_made(photo, *recreate(residents, trial.spec, photo.read_bytes(), trial.task, metrics)))
            report(trial.name)
        yield Row(trial, size, made)


def _made(photo: Path, candidate: Candidate, seconds: float) -> Made:
    found = {name: value for name in FIGURES if (value := candidate.report.score(name)) is not None}
    return Made(photo.name, found | {SECONDS: seconds}, thumbnail(candidate.data))


def thumbnail(data: bytes) -> Image.Image:
    """Return an image file upright, made smaller where it is larger than a cell of a sheet."""
    picture = upright(data).copy()
    picture.thumbnail((CELL, CELL))
    return picture


def sheet(photo: Path, rows: Sequence[Row]) -> Image.Image:
    """Return one photo as it was given, and as every trial made it, with figures."""
    given = upright(photo.read_bytes())
    cells: list[Cell] = [("original", thumbnail(photo.read_bytes()), [f"{given.width} x {given.height}"])]
    return comparison_sheet([*cells, *(_cell(row, photo.name) for row in rows)])


def _cell(row: Row, photo: str) -> Cell:
    one = next(made for made in row.made if made.photo == photo)
    first, second = FIGURES[:3], FIGURES[3:]
    said = [", ".join(f"{name} {value(one.figures, name)}" for name in names) for names in (first, second)]
    return row.trial.name, one.shown, [*said, f"{one.figures[SECONDS]:.2f} s"]


def value(figures: dict[str, float], name: str) -> str:
    """Return a figure as it is shown, to three digits, or `-` where it was not measured."""
    return f"{figures[name]:#.3g}" if name in figures else "-"
