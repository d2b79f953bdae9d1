"""The demo: start everything, recreate and customise the examples through HTTP, show what came of it, stop it all."""

import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from rich.console import Console
from rich.markup import escape

from likeness.cli.many import Made, Making, Wish
from likeness.cli.terminal import edit_table, make_watched, outcome_table, waiting
from likeness.client import Client
from likeness.files.compare import upright
from likeness.imaging.assessment.contact_sheet import contact_sheet
from likeness.local.supervisor import Settings, Stack
from likeness.local.valkey import free_port
from likeness.problems import LocalProblem, Problem

PICTURES = (".jpg", ".jpeg", ".png", ".webp")
SHEET = "contact-sheet.png"
CUSTOMISED = "customised"
CUSTOMISATIONS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("make it red", {"instruction": "make it red"}),
    ("make it turquoise", {"instruction": "make it turquoise"}),
    ("recolour #1F4E79", {"recolour": {"to": "#1F4E79"}}),
    ("text Just do it", {"text": "Just do it"}),
    ("make it denim", {"instruction": "make it denim"}),
    (
        "put it on a grey background, preserve product",
        {"instruction": "put it on a grey background", "preserve": "product"},
    ),
    ("give it yellow stripes", {"instruction": "give it yellow stripes"}),
    ("put it on a light blue background", {"instruction": "put it on a light blue background"}),
)
"""What is asked for the examples in turn: in words for people, and as the fields of `POST /customise`."""


def run_demo(examples: Path, out: Path, console: Console) -> None:
    """Run the demo. Raises LocalProblem when a picture failed or lost its frame, or a recreated one was rejected."""
    began = time.monotonic()
    files = find_pictures(examples)
    with _home() as home:
        recreated, customised = _make_all(Settings(home, port=free_port()), files, out, console)
        _show_recreated(recreated, out, console)
        _show_customised(customised, out, console)
        console.print(f"{time.monotonic() - began:.0f} s in all")
        _complain(recreated, customised)


@contextmanager
def _home() -> Iterator[Path]:
    """Give a folder for the stack's state; it is kept only when there is a problem, for its logs."""
    home = Path(tempfile.mkdtemp(prefix="likeness-"))
    try:
        yield home
    except Problem as problem:
        raise LocalProblem(f"{problem}\nThe logs are kept in {home / 'logs'}") from problem
    except BaseException:
        shutil.rmtree(home, ignore_errors=True)
        raise
    shutil.rmtree(home, ignore_errors=True)


def find_pictures(folder: Path) -> list[Path]:
    """Return the pictures in `folder` by name. Raises LocalProblem when there is none."""
    files = sorted(path for path in folder.glob("*") if path.suffix.lower() in PICTURES)
    if not files:
        raise LocalProblem(f"there is no picture in {folder}")
    return files


def _make_all(settings: Settings, files: Sequence[Path], out: Path, console: Console) -> tuple[list[Made], list[Made]]:
    """Return what became of each file recreated, and of each customised."""
    with ExitStack() as stopping:
        with waiting(console, "starting Valkey, the service and a worker"):
            stack = stopping.enter_context(Stack(settings, console.print))
            stack.wait_until_ready()
        with Client(settings.url) as client:
            recreated = make_watched(Making(client, out), [Wish(file) for file in files], console)
            return recreated, make_watched(Making(client, out / CUSTOMISED), customisations(files), console)


def customisations(files: Sequence[Path]) -> list[Wish]:
    """Return one customisation for each file, from the list in turn."""
    return [
        Wish(file, "customise", CUSTOMISATIONS[number % len(CUSTOMISATIONS)][1]) for number, file in enumerate(files)
    ]


def _asked(count: int) -> list[str]:
    """Return in words what is asked for so many files."""
    return [CUSTOMISATIONS[number % len(CUSTOMISATIONS)][0] for number in range(count)]


def _show_recreated(outcomes: Sequence[Made], out: Path, console: Console) -> None:
    console.print(outcome_table(outcomes))
    rows = [_sheet_row(outcome, outcome.saved, _figures(outcome)) for outcome in outcomes if outcome.saved]
    if rows:
        contact_sheet(rows).save(out / SHEET)
        console.print(f"{len(rows)} pictures and {SHEET} are in {escape(str(out))}/")


def _show_customised(outcomes: Sequence[Made], out: Path, console: Console) -> None:
    asked = _asked(len(outcomes))
    console.print(edit_table(outcomes, asked))
    rows = [
        _sheet_row(outcome, outcome.saved, "   ".join([said, *outcome.faults]))
        for outcome, said in zip(outcomes, asked, strict=True)
        if outcome.saved
    ]
    if rows:
        contact_sheet(rows, "customised").save(out / f"{CUSTOMISED}.png")
        console.print(f"{len(rows)} pictures are in {escape(str(out / CUSTOMISED))}/, their sheet is {CUSTOMISED}.png")


def _sheet_row(outcome: Made, saved: Path, caption: str) -> tuple[str, Image.Image, Image.Image, str]:
    return outcome.file.name, upright(outcome.file.read_bytes()), upright(saved.read_bytes()), caption


def _figures(outcome: Made) -> str:
    scores = outcome.report.fidelity if outcome.report else []
    return "   ".join(f"{score.name} {score.value:.4g}" for score in scores if score.value is not None)


def _complain(recreated: Sequence[Made], customised: Sequence[Made]) -> None:
    """Raise LocalProblem for what must not happen; a customisation that was rejected may: its reason is shown."""
    faults = [f"{outcome.file.name}: {'; '.join(outcome.faults)}" for outcome in recreated if outcome.faults]
    faults += [
        f"{outcome.file.name}, customised: {'; '.join(outcome.broken)}" for outcome in customised if outcome.broken
    ]
    if faults:
        raise LocalProblem("not every picture came back as it should:\n" + "\n".join(faults))
