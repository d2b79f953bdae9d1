"""The demo: start everything, recreate and edit the examples and make packshots of them, show the results, stop."""

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
PACKSHOTS = "packshots"
Edit = tuple[str, Mapping[str, Any]]
"""What is done to an image: in words for people, and as the fields of the call."""
CUSTOMISATIONS: tuple[Edit, ...] = (
    ("make it dark green", {"instruction": "make it dark green"}),
    ("make it turquoise", {"instruction": "make it turquoise"}),
    ("put it on a white background", {"instruction": "put it on a white background"}),
    ("recolour #1F4E79", {"recolour": {"to": "#1F4E79"}}),
    ("put it on a beige background", {"instruction": "put it on a beige background"}),
    ("make it purple", {"instruction": "make it purple"}),
    (
        "put it on a light grey background, preserve product",
        {"instruction": "put it on a light grey background", "preserve": "product"},
    ),
    ("make the picture warmer", {"instruction": "make the picture warmer"}),
)
"""The edits of the examples, in turn, as the fields of `POST /customise`."""
MADE_PACKSHOTS: tuple[Edit, ...] = (
    ("white", {"background": "white", "size": "1200x1200"}),
    ("white, with a reflection", {"background": "white", "size": "1200x1200", "shadow": "reflection"}),
    ("#DEE6EE, cast shadow", {"background": "#DEE6EE", "size": "1200x1200", "shadow": "cast"}),
    ("#F1ECE6, contact shadow", {"background": "#F1ECE6", "size": "1200x1200", "shadow": "contact"}),
)
"""The packshots of the examples, in turn, as the fields of `POST /packshot`."""


def run_demo(examples: Path, out: Path, console: Console) -> None:
    """Run the demo. Raises LocalProblem if a job failed, a frame changed, or a recreated image was rejected."""
    started = time.monotonic()
    files = find_pictures(examples)
    with _home() as home:
        recreated, customised, packshots = _run_all(Settings(home, port=free_port()), files, out, console)
        _show_recreated(recreated, out, console)
        _show_edited(customised, CUSTOMISATIONS, out, CUSTOMISED, console)
        _show_edited(packshots, MADE_PACKSHOTS, out, PACKSHOTS, console)
        console.print(f"{time.monotonic() - started:.0f} s in total")
        _check(recreated, [*customised, *packshots])


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
) -> tuple[list[Outcome], list[Outcome], list[Outcome]]:
    """Recreate each file, edit each, and make a packshot of each; return the three lists of outcomes."""
    with ExitStack() as stopping:
        with spinner(console, "starting Valkey, the service and its workers"):
            stack = stopping.enter_context(Stack(settings, console.print))
            stack.wait_until_ready()
        with Client(settings.url) as client:
            return (
                run_with_progress(Runner(client, out), [PictureRequest(file) for file in files], console),
                run_with_progress(Runner(client, out / CUSTOMISED), customisations(files), console),
                run_with_progress(Runner(client, out / PACKSHOTS), packshots(files), console),
            )


def customisations(files: Sequence[Path]) -> list[PictureRequest]:
    """Return one edit for each file, from the list in turn."""
    edits = _in_turn(CUSTOMISATIONS, len(files))
    return [PictureRequest(file, "customise", fields) for file, (_, fields) in zip(files, edits, strict=True)]


def packshots(files: Sequence[Path]) -> list[PictureRequest]:
    """Return one packshot for each file, from the list in turn."""
    edits = _in_turn(MADE_PACKSHOTS, len(files))
    return [PictureRequest(file, "packshot", fields) for file, (_, fields) in zip(files, edits, strict=True)]


def _in_turn(edits: Sequence[Edit], count: int) -> list[Edit]:
    return [edits[number % len(edits)] for number in range(count)]


def _show_recreated(outcomes: Sequence[Outcome], out: Path, console: Console) -> None:
    console.print(outcome_table(outcomes))
    rows = [_sheet_row(outcome, outcome.saved, _figures(outcome)) for outcome in outcomes if outcome.saved]
    if rows:
        contact_sheet(rows).save(out / SHEET)
        console.print(f"{len(rows)} results and {SHEET} are in {escape(str(out))}/")


def _show_edited(outcomes: Sequence[Outcome], in_turn: Sequence[Edit], out: Path, name: str, console: Console) -> None:
    """Print the table of what was made of the files, and save its contact sheet as `name`."""
    edits = [said for said, _ in _in_turn(in_turn, len(outcomes))]
    console.print(edit_table(outcomes, edits))
    rows = [
        _sheet_row(outcome, outcome.saved, "   ".join([edit, *outcome.faults]))
        for outcome, edit in zip(outcomes, edits, strict=True)
        if outcome.saved
    ]
    if rows:
        contact_sheet(rows, name).save(out / f"{name}.png")
        console.print(f"{len(rows)} results are in {escape(str(out / name))}/, with the contact sheet {name}.png")


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
