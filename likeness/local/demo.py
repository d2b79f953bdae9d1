"""The demo: start everything, recreate the example pictures through HTTP, show what came of it, stop everything."""

import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.markup import escape

from likeness.client import Client
from likeness.compare import upright
from likeness.imaging.sheet import contact_sheet
from likeness.local.supervisor import Settings, Stack
from likeness.local.valkey import free_port
from likeness.problems import LocalProblem, Problem
from likeness.recreate import Recreated, Recreation
from likeness.terminal import outcome_table, recreate_watched, waiting

PICTURES = (".jpg", ".jpeg", ".png", ".webp")
SHEET = "contact-sheet.png"


def run_demo(examples: Path, out: Path, console: Console) -> None:
    """Run the demo. Raises LocalProblem when a picture failed, was rejected, or lost its frame."""
    began = time.monotonic()
    files = find_pictures(examples)
    with _home() as home:
        outcomes = _recreate_all(Settings(home, port=free_port()), files, out, console)
        _show(outcomes, out, console, time.monotonic() - began)
        _complain(outcomes)


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


def _recreate_all(settings: Settings, files: Sequence[Path], out: Path, console: Console) -> list[Recreated]:
    with ExitStack() as stopping:
        with waiting(console, "starting Valkey, the service and a worker"):
            stack = stopping.enter_context(Stack(settings, console.print))
            stack.wait_until_ready()
        with Client(settings.url) as client:
            return recreate_watched(Recreation(client, out), files, console)


def _show(outcomes: Sequence[Recreated], out: Path, console: Console, seconds: float) -> None:
    console.print(outcome_table(outcomes))
    rows = [_sheet_row(outcome, outcome.saved) for outcome in outcomes if outcome.saved]
    if rows:
        contact_sheet(rows).save(out / SHEET)
        console.print(f"{len(rows)} pictures and {SHEET} are in {escape(str(out))}/  ({seconds:.0f} s in all)")


def _sheet_row(outcome: Recreated, saved: Path) -> tuple[str, Image.Image, Image.Image, str]:
    scores = outcome.report.fidelity if outcome.report else []
    figures = [f"{score.name} {score.value:.4g}" for score in scores if score.value is not None]
    return outcome.file.name, upright(outcome.file.read_bytes()), upright(saved.read_bytes()), "   ".join(figures)


def _complain(outcomes: Sequence[Recreated]) -> None:
    faults = [f"{outcome.file.name}: {'; '.join(outcome.faults)}" for outcome in outcomes if outcome.faults]
    if faults:
        raise LocalProblem("not every picture came back as it should:\n" + "\n".join(faults))
