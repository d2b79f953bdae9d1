"""A table of judgements: what a person said of images, with the figures of their reports."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from likeness.contract.gates import GateKind
from likeness.contract.report import Report
from likeness.imaging.assessment.calibration import Judged, Judgement
from likeness.imaging.assessment.edit_figures import MEANINGS
from likeness.problems import LocalProblem, writing

LONGEST = 100_000
"""Rows at most."""


def read_judgements(file: Path) -> list[Judged]:
    """Return the judgements of a CSV file with a header. Raises LocalProblem naming the row that cannot be read.

    `judgement` is P, R or N: to publish, to retouch, never. `report` names a file beside the table with the report as
    JSON; a row without one gives the `kind` and each figure in columns of their names, empty where there is none.
    """
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LocalProblem(f"{file} cannot be read: {error}") from error
    if len(lines) > LONGEST:
        raise LocalProblem(f"{file} has more than {LONGEST} rows")
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return [_judged(file, number, row) for number, row in enumerate(rows, start=2)]


@dataclass(frozen=True)
class Row:
    """A judgement, the id of the job whose image it is of, and the names of those who judged."""

    judged: Judged
    job: str
    by: tuple[str, ...]


def write_judgements(file: Path, rows: Sequence[Row]) -> None:
    """Write judgements as a CSV file that `read_judgements` reads. Raises LocalProblem when it cannot be written."""
    with writing(file), file.open("w", encoding="utf-8", newline="") as opened:
        table = csv.writer(opened)
        table.writerow(("judgement", "kind", "job", "by", *MEANINGS))
        for row in rows:
            figures = (row.judged.figures.get(name) for name in MEANINGS)
            table.writerow((row.judged.judgement, row.judged.kind, row.job, " ".join(row.by), *figures))


def _judged(file: Path, number: int, row: Mapping[str, str | None]) -> Judged:
    try:
        judgement = Judgement((row.get("judgement") or "").strip().upper()[:1])
        if name := row.get("report"):
            return _of_report(file.parent / name, judgement)
        figures = {name: float(value) for name in MEANINGS if (value := row.get(name))}
        return Judged(GateKind(row.get("kind") or ""), figures, judgement)
    except (OSError, ValueError) as error:
        why = f"{error.error_count()} fields are wrong" if isinstance(error, ValidationError) else str(error)
        raise LocalProblem(f"{file}, row {number}: {why}") from error


def _of_report(file: Path, judgement: Judgement) -> Judged:
    report = Report.model_validate_json(file.read_text("utf-8"))
    if report.kind is None:
        raise ValueError(f"{file.name} is of a generated image, which no limit judges")
    return Judged(report.kind, {figure.name: figure.value for figure in report.figures}, judgement)
