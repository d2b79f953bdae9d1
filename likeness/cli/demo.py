"""The demo: start everything, recreate and edit the examples over HTTP, show the results, stop everything."""

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

from likeness.cli.many import Outcome, PictureRequest, Runner
from likeness.cli.progress import run_with_progress, spinner
from likeness.cli.terminal import edit_table, outcome_table
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
"""The edits of the examples, in turn: in words for people, and as the fields of `POST /customise`."""


def run_demo(examples: Path, out: Path, console: Console) -> None:
    """Run the demo. Raises LocalProblem if a job failed, a frame changed, or a recreated image was rejected."""
    started = time.monotonic()
    files = find_pictures(examples)
    with _home() as home:
        recreated, customised = _run_all(Settings(home, port=free_port()), files, out, console)
        _show_recreated(recreated, out, console)
        _show_customised(customised, out, console)
        console.print(f"{time.monotonic() - started:.0f} s in total")
        _check(recreated, customised)


@contextmanager
def _home() -> Iterator[Path]:
    """Yield a folder for the state of the stack; it is kept only if there is a problem, for its logs."""
    home = Path(tempfile.mkdtemp(prefix="likeness-"))
    try:
        yield home
    except Problem as problem:
        raise LocalProblem(f"{problem}\nThe logs are in {home / 'logs'}") from problem
    except BaseException:
        shutil.rmtree(home, ignore_errors=True)
        raise
    shutil.rmtree(home, ignore_errors=True)


def find_pictures(folder: Path) -> list[Path]:
    """Return the images in `folder`, sorted by name. Raises LocalProblem if there are none."""
    files = sorted(path for path in folder.glob("*") if path.suffix.lower() in PICTURES)
    if not files:
        raise LocalProblem(f"no images found in {folder}")
    return files


def _run_all(
    settings: Settings, files: Sequence[Path], out: Path, console: Console
) -> tuple[list[Outcome], list[Outcome]]:
    """Recreate each file, then edit each file, and return both lists of outcomes."""
    with ExitStack() as stopping:
        with spinner(console, "starting Valkey, the service and a worker"):
            stack = stopping.enter_context(Stack(settings, console.print))
            stack.wait_until_ready()
        with Client(settings.url) as client:
            recreated = run_with_progress(Runner(client, out), [PictureRequest(file) for file in files], console)
            return recreated, run_with_progress(Runner(client, out / CUSTOMISED), customisations(files), console)


def customisations(files: Sequence[Path]) -> list[PictureRequest]:
    """Return one edit for each file, from the list in turn."""
    return [
        PictureRequest(file, "customise", CUSTOMISATIONS[number % len(CUSTOMISATIONS)][1])
        for number, file in enumerate(files)
    ]


def _edits(count: int) -> list[str]:
    """Return the edits of that many files in words."""
    return [CUSTOMISATIONS[number % len(CUSTOMISATIONS)][0] for number in range(count)]


def _show_recreated(outcomes: Sequence[Outcome], out: Path, console: Console) -> None:
    console.print(outcome_table(outcomes))
    rows = [_sheet_row(outcome, outcome.saved, _figures(outcome)) for outcome in outcomes if outcome.saved]
    if rows:
        contact_sheet(rows).save(out / SHEET)
        console.print(f"{len(rows)} results and {SHEET} are in {escape(str(out))}/")


def _show_customised(outcomes: Sequence[Outcome], out: Path, console: Console) -> None:
    edits = _edits(len(outcomes))
    console.print(edit_table(outcomes, edits))
    rows = [
        _sheet_row(outcome, outcome.saved, "   ".join([edit, *outcome.faults]))
        for outcome, edit in zip(outcomes, edits, strict=True)
        if outcome.saved
    ]
    if rows:
        contact_sheet(rows, "customised").save(out / f"{CUSTOMISED}.png")
        console.print(
            f"{len(rows)} results are in {escape(str(out / CUSTOMISED))}/, with the contact sheet {CUSTOMISED}.png"
        )


def _sheet_row(outcome: Outcome, saved: Path, caption: str) -> tuple[str, Image.Image, Image.Image, str]:
    return outcome.file.name, upright(outcome.file.read_bytes()), upright(saved.read_bytes()), caption


def _figures(outcome: Outcome) -> str:
    scores = outcome.report.fidelity if outcome.report else []
    return "   ".join(f"{score.name} {score.value:.4g}" for score in scores if score.value is not None)


def _check(recreated: Sequence[Outcome], customised: Sequence[Outcome]) -> None:
    """Raise LocalProblem for what must not happen. An edit may be rejected; the table shows why."""
    faults = [f"{outcome.file.name}: {'; '.join(outcome.faults)}" for outcome in recreated if outcome.faults]
    faults += [f"{outcome.file.name}, edited: {'; '.join(outcome.broken)}" for outcome in customised if outcome.broken]
    if faults:
        raise LocalProblem("some images failed:\n" + "\n".join(faults))
