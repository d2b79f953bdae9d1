"""Recorded medians: figures.json, which `GET /engines` tells, and the table and sheet of docs/studies.md."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.recorded import ROOT, keep, machine, rounded
from benchmarks.studies.runs import Row, sheet
from benchmarks.studies.tables import markdown
from likeness.contract.catalogue import Catalogue
from likeness.contract.figures import Figures, Measured
from worker.residency.engines import Residents

COMMAND = "python -m benchmarks.studies FOLDER"
BEGIN, END = f"<!-- written by {COMMAND} --figures -->\n", "<!-- to here -->\n"
QUALITY = 80
"""Of the JPEG; a sheet of a dozen cells is then under 200 kB."""


def record(rows: Sequence[Row], photo: Path, residents: Residents, catalogue: Catalogue, root: Path = ROOT) -> None:
    """Put the rows into figures.json and the table and sheet of docs/studies.md, all below `root`.

    What was recorded of other engines stays. `photo` is the one whose sheet is shown. Raises ValueError when the page
    has no place for the table.
    """
    page, on = root / "docs/studies.md", machine(residents)
    figures = keep([measured(row, on) for row in rows], catalogue, root)
    page.write_text(with_table(page.read_text("utf-8"), compared(figures)), "utf-8")
    sheet(photo, rows).save(page.with_suffix(".jpg"), quality=QUALITY)


def measured(row: Row, on: str) -> Measured:
    """Return a row as it is recorded; `on` says what it ran on."""
    spec = row.trial.spec
    return Measured(
        engine=spec.name,
        revision=spec.revision,
        kind="recreate",
        parameters=spec.resolve(row.trial.task),
        pictures=len(row.made),
        figures=rounded(row.medians),
        command=COMMAND,
        machine=on,
    )


def compared(figures: Figures) -> list[Measured]:
    """Return what this program recorded."""
    return [one for one in figures.measured if one.command == COMMAND]


def names_of(rows: Sequence[Measured]) -> list[str]:
    """Return for each row its engine, and the parameters whose values tell it from the engine's other rows."""
    return [" ".join([one.engine, *_told_by(one, rows)]) for one in rows]


def _told_by(one: Measured, rows: Sequence[Measured]) -> list[str]:
    same = [other for other in rows if other.engine == one.engine]
    return [
        f"{name}={value}"
        for name, value in one.parameters.items()
        if any(other.parameters.get(name) != value for other in same)
    ]


def with_table(page: str, rows: Sequence[Measured]) -> str:
    """Return the page with the table of these rows between BEGIN and END. Raises ValueError when they are not there."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the page has no place for the table: {BEGIN.strip()} and {END.strip()}")
    return "".join([before, BEGIN, "\n", markdown(rows, names_of(rows)), "\n", END, after])
