"""Rows as tables: in the terminal, as a file of every figure, and in docs/studies.md."""

import csv
from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.progress import track
from rich.table import Column, Table

from benchmarks.studies.runs import FIGURES, SECONDS, Row, sheet, value
from benchmarks.studies.size import MEGABYTES, PARAMETERS
from likeness.contract.figures import Measured

COLUMNS = {
    PARAMETERS: "M params",
    **{name: name for name in FIGURES},
    SECONDS: SECONDS,
    MEGABYTES: "MB",
}
"""The table's figures in their order, and their heads."""


def printed(rows: Sequence[Row]) -> Table:
    """Return the medians as a table for the terminal."""
    title = f"medians over {len(rows[0].made)} photos"
    table = Table(Column("engine", no_wrap=True), *COLUMNS.values(), title=title, box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(row.trial.name, *(value(row.medians, name) for name in COLUMNS))
    return table


def markdown(measured: Sequence[Measured], names: Sequence[str]) -> str:
    """Return recorded medians as a Markdown table; `names` has for each row what tells it from the others."""
    head = ["engine", *COLUMNS.values()]
    rows = [
        [f"`{name}`", *(value(one.figures, column) for column in COLUMNS)]
        for name, one in zip(names, measured, strict=True)
    ]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (head, ["---"] * len(head), *rows))


def write(rows: Sequence[Row], photos: Sequence[Path], out: Path) -> None:
    """Write every figure of every photo to `out`/rows.csv, and a contact sheet of each photo beside it as a PNG."""
    out.mkdir(parents=True, exist_ok=True)
    names = [*FIGURES, SECONDS]
    with (out / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["engine", "photo", *names])
        for row in rows:
            writer.writerows([row.trial.name, one.photo, *map(one.figures.get, names)] for one in row.made)
    for photo in track(photos, "drawing"):
        sheet(photo, rows).save(out / f"{photo.name}.png")
