"""The commands of `likeness jobs`: list, show, watch, cancel and delete jobs, and fetch their images."""

import os
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperGroup

from likeness.cli.options import OUT, URL, AsJson, Key, Url, Yes
from likeness.cli.results import print_json, print_models, save_images
from likeness.problems import LocalProblem, Problem

if TYPE_CHECKING:  # heavy: imported when a command runs
    from likeness.client.models import RemoteJob

LONGEST_WATCH: Final = 24 * 3600.0
"""Seconds; the service limits each run by itself."""
COMPLETED: Final = 20
"""Maximum number of ids that shell completion offers."""


class ListByDefault(TyperGroup):
    """A group of commands that runs `list` if none is named."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  click's own signature
        """Parse the arguments; without the name of a command, they are those of `list`."""
        named = bool(args) and (not args[0].startswith("-") or args[0] == "--help")
        return super().parse_args(ctx, args if named else ["list", *args])


def job_ids(incomplete: str) -> list[str]:
    """Return the matching ids of the newest jobs for shell completion; none if the service does not respond at once."""
    from likeness.client import Client, Retries

    url, key = os.environ.get("LIKENESS_URL", URL), os.environ.get("LIKENESS_KEY")
    try:
        with Client(url, key, timeout=1.0, retries=Retries(attempts=1)) as client:
            return [job.id for job in islice(client.jobs(), COMPLETED) if job.id.startswith(incomplete)]
    except Problem:
        return []


app = typer.Typer(cls=ListByDefault, help="Manage your jobs; without a command, list them.")

Id = Annotated[str, typer.Argument(help="Id of a job.", show_default=False, autocompletion=job_ids)]
Ids = Annotated[list[str], typer.Argument(help="Ids of jobs.", show_default=False, autocompletion=job_ids)]
Status = Annotated[str | None, typer.Option(help="Only jobs that are queued, running, succeeded, failed or cancelled.")]


@app.command("list")
def list_jobs(
    limit: Annotated[int, typer.Option(min=1, help="Number of newest jobs to consider.")] = 20,
    status: Status = None,
    reference: Annotated[str | None, typer.Option(help="Only jobs with exactly this reference.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only jobs of this kind: recreate, customise and so on.")] = None,
    verdict: Annotated[
        str | None, typer.Option(help="Only jobs whose best image is accepted, rejected or not_judged.")
    ] = None,
    since: Annotated[
        datetime | None, typer.Option(help="Only jobs accepted since: 2026-01-15, or 2026-01-15T10:30:00.")
    ] = None,
    review: Annotated[
        str | None, typer.Option(help="Only jobs whose reviews stand so: none, approved, rejected or disputed.")
    ] = None,
    as_json: AsJson = False,
    url: Url = URL,
    key: Key = None,
) -> None:
    """List your jobs, newest first: id, status, reference or file, what was asked, age and verdict."""
    from rich.console import Console

    from likeness.cli.job_tables import job_table
    from likeness.client import Client
    from likeness.contract.jobs import JobStatus

    if status is not None and status not in list(JobStatus):
        raise typer.BadParameter(f"{status} is not one of {', '.join(JobStatus)}", param_hint="--status")
    with Client(url, key) as client:
        filters: Any = {"reference": reference, "kind": kind, "verdict": verdict, "since": since, "review": review}
        newest = islice(client.jobs(page_size=min(limit, 100), **filters), limit)
        found = [job for job in newest if status in (None, job.status)]
    if as_json:
        print_models(found)
    else:
        Console().print(job_table(found) if found else "no jobs")


@app.command()
def show(job: Id, as_json: AsJson = False, url: Url = URL, key: Key = None) -> None:
    """Show the current state of a job."""
    from likeness.client import Client

    with Client(url, key) as client:
        _print(client.job(job), as_json)


@app.command()
def watch(
    job: Id,
    as_json: Annotated[bool, typer.Option("--json", help="Print each event as one line of JSON.")] = False,
    url: Url = URL,
    key: Key = None,
) -> None:
    """Follow a job until it has finished. Exits 2 if it failed or was cancelled."""
    from rich.console import Console

    from likeness.cli.progress import wait_with_progress
    from likeness.client import Client
    from likeness.client.polling import succeeded

    with Client(url, key) as client:
        if as_json:
            for event in client.events(job):
                typer.echo(event.model_dump_json(exclude_none=True))
            succeeded(client.job(job))
        else:
            _print(wait_with_progress(client, client.job(job), Console(), LONGEST_WATCH), as_json)


@app.command()
def cancel(jobs: Ids, as_json: AsJson = False, url: Url = URL, key: Key = None) -> None:
    """Cancel jobs; a running engine stops within one step. Finished jobs are left as they are."""
    from likeness.client import Client

    with Client(url, key) as client:
        cancelled = [client.cancel(job) for job in jobs]
    if as_json:
        print_models(cancelled)
    else:
        typer.echo("\n".join(f"{job.id}: {job.status}" for job in cancelled))


@app.command()
def delete(jobs: Ids, yes: Yes = False, url: Url = URL, key: Key = None) -> None:
    """Cancel jobs and erase them and their images."""
    from likeness.client import Client

    if not yes and not typer.confirm(f"Erase {len(jobs)} of your jobs and their images?"):
        raise LocalProblem("nothing was erased")
    with Client(url, key) as client:
        for job in jobs:
            client.delete(job)
            typer.echo(f"{job}: erased")


@app.command()
def images(
    job: Id,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the images.")] = OUT,
    as_json: AsJson = False,
    url: Url = URL,
    key: Key = None,
) -> None:
    """Download the images of a job, best first."""
    from likeness.client import Client
    from likeness.client.polling import succeeded

    with Client(url, key) as client:
        done = succeeded(client.job(job))
        count = len(done.result.images) if done.result else 0
        saved = save_images(client, done, out, {number: f"{job}-{number}" for number in range(count)})
    paths = [str(path) for path in saved]
    if as_json:
        print_json(paths)
    else:
        typer.echo("\n".join(paths))


def _print(job: "RemoteJob", as_json: bool) -> None:
    from rich.console import Console

    from likeness.cli.job_tables import job_rows
    from likeness.cli.terminal import print_rows

    if as_json:
        typer.echo(job.model_dump_json(indent=2))
    else:
        print_rows(Console(), job_rows(job))
