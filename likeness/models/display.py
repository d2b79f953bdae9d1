"""What `likeness models` shows: a bar while bytes come or are read, and the table of models."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Column, Table

from likeness.contract.catalogue import Catalogue
from likeness.models.folder import ModelsFolder, State, Watch
from likeness.models.selection import engines_on

COLOURS = {State.INSTALLED: "green", State.ABSENT: "dim"}
"""Any other state is something to look at."""


def readable(size: int | None) -> str:
    """Return bytes as a person reads them, in powers of 1000; `?` for an unknown size."""
    return "?" if size is None else decimal(size)


@contextmanager
def moving(console: Console, name: str, size: int | None) -> Iterator[Watch]:
    """Show how much of a model has come, or has been read; nothing where nobody looks."""
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=None), DownloadColumn(), TransferSpeedColumn())
    hidden = not console.is_terminal
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True, disable=hidden) as progress:
        task = progress.add_task(escape(name), total=size)

        def watch(what: str, done: int, total: int) -> None:
            progress.update(task, description=escape(f"{name}  {what}"), completed=done, total=total)

        yield watch


@dataclass(frozen=True)
class ModelRow:
    """A model as it is listed; `size` is in bytes, of what is here, else about what will come, None when not known."""

    name: str
    installed: State
    size: int | None
    licence: str
    commercial: str
    engines: list[str]


def model_rows(catalogue: Catalogue, models: ModelsFolder) -> list[ModelRow]:
    """Return every model of the catalogue, and which engines need it."""
    rows = []
    for spec in catalogue.model:
        lockfile = models.lockfile(spec.name)
        size = lockfile.size if lockfile else spec.size
        engines = [engine.name for engine in engines_on(catalogue, spec.name)]
        rows.append(ModelRow(spec.name, models.state(spec), size, spec.licence, spec.commercial, engines))
    return rows


def model_table(rows: Sequence[ModelRow]) -> Table:
    """Return a row for each model."""
    right = Column("size", justify="right", no_wrap=True)
    name = Column("model", no_wrap=True)
    table = Table(name, "installed", right, "licence", "commercial", "needed by", box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        state = f"[{COLOURS.get(row.installed, 'yellow')}]{row.installed}[/]"
        table.add_row(row.name, state, readable(row.size), escape(row.licence), row.commercial, ", ".join(row.engines))
    return table
