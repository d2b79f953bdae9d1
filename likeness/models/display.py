"""What `likeness models` shows: a bar while bytes come or are read, and the table of models."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Column, Table

from likeness.contract.catalogue import Catalogue, ModelSpec
from likeness.models.folder import ModelsFolder, State, Watch
from likeness.models.selection import engines_on

COLOURS = {State.INSTALLED: "green", State.ABSENT: "dim"}
"""Any other state is something to look at."""


def readable(size: int | None) -> str:
    """Return bytes as a person reads them, in powers of 1000; `?` for an unknown size."""
    return "?" if size is None else decimal(size)


@contextmanager
def bringing(console: Console, spec: ModelSpec) -> Iterator[Watch]:
    """Show how much of a model has come."""
    with _bar(console, TransferSpeedColumn(), TimeRemainingColumn()) as progress:
        task = progress.add_task(spec.name, total=spec.size)

        def watch(path: str, done: int, total: int) -> None:
            progress.update(task, description=escape(f"{spec.name}  {path}"), completed=done, total=total)

        yield watch


@contextmanager
def checking(console: Console, name: str, size: int) -> Iterator[Callable[[str, int], None]]:
    """Show how much of a model has been read."""
    with _bar(console, TimeRemainingColumn()) as progress:
        task = progress.add_task(name, total=size)
        before = 0

        def watch(path: str, bytes_of_it: int) -> None:
            nonlocal before
            progress.update(task, description=escape(f"{name}  {path}"), completed=before)
            before += bytes_of_it

        yield watch


def model_table(catalogue: Catalogue, models: ModelsFolder) -> Table:
    """Return a row for each model; the size is that of what is here, else about what will come."""
    right = Column("size", justify="right", no_wrap=True)
    name = Column("model", no_wrap=True)
    table = Table(name, "installed", right, "licence", "needed by", box=SIMPLE_HEAD, pad_edge=False)
    for spec in catalogue.model:
        state = models.state(spec)
        lockfile = models.lockfile(spec.name)
        size = readable(lockfile.size if lockfile else spec.size)
        users = ", ".join(engine.name for engine in engines_on(catalogue, spec.name))
        table.add_row(spec.name, f"[{COLOURS.get(state, 'yellow')}]{state}[/]", size, escape(spec.licence), users)
    return table


def _bar(console: Console, *more: ProgressColumn) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=None), DownloadColumn(), *more)
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
