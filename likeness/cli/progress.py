"""Progress bars of the `likeness` command."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)

from likeness.cli.many import Outcome, PictureRequest, Runner
from likeness.client import Client
from likeness.client.models import RemoteJob

LONGEST_WAIT: Final = 6 * 3600.0
"""Seconds that a command waits for its job; the service limits each run by itself."""


def run_with_progress(
    runner: Runner,
    requests: Sequence[PictureRequest],
    console: Console,
    ended: Callable[[Outcome], None] = lambda _outcome: None,
) -> list[Outcome]:
    """Run the requests under a progress bar and return their outcomes; `ended` gets each as soon as it is known."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("submitting", total=len(requests))
        done: list[Outcome] = []

        def watch(file: Path, job: RemoteJob) -> None:
            progress.update(task, description=escape(f"{file.name}  {_stage(job)}"), completed=len(done) + _share(job))

        runner.watch = watch
        for outcome in runner.run(requests):
            done.append(outcome)
            ended(outcome)
            progress.update(task, completed=len(done))
        progress.update(task, description="done")
    return done


def wait_with_progress(client: Client, job: RemoteJob, console: Console, timeout: float) -> RemoteJob:
    """Wait under a progress bar until a job has succeeded, at most `timeout` seconds. Raises LikenessProblem."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(escape(job.status.value), total=1.0)

        def watch(current: RemoteJob) -> None:
            progress.update(task, description=escape(_stage(current)), completed=_share(current))

        finished = client.wait(job, watch, timeout)
        progress.update(task, description="done", completed=1.0)
    return finished


@contextmanager
def spinner(console: Console, text: str) -> Iterator[None]:
    """Show that something of unknown duration is in progress."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        progress.add_task(escape(text), total=None)
        yield


def _stage(job: RemoteJob) -> str:
    if job.progress is None:
        return job.status.value
    run = f"  run {job.progress.run}/{job.progress.runs}" if job.progress.runs else ""
    return f"{job.progress.stage} {job.progress.step}/{job.progress.steps}{run}"


def _share(job: RemoteJob) -> float:
    """Return how much of a job is done, 0..1."""
    if job.progress is None:
        return 0.0
    done = min(1.0, job.progress.step / job.progress.steps) if job.progress.steps else 0.0
    return ((job.progress.run or 1) - 1 + done) / (job.progress.runs or 1)
