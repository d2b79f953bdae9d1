"""The commands of `likeness jobs`: list, show, watch, cancel and delete jobs, and fetch their images."""

import json
import os
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperGroup

from likeness.cli.make import OUT, URL, AsJson, Key, Url
from likeness.problems import LocalProblem, Problem

if TYPE_CHECKING:  # heavy: imported when a command runs
    from likeness.client.models import RemoteJob

LONGEST_WATCH: Final = 24 * 3600.0
"""Seconds; the service bounds each run by itself."""
COMPLETED: Final = 20
"""Jobs whose ids a shell offers."""


class Listing(TyperGroup):
    """A group of commands that lists when none is named."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  click's own signature
        """Read the arguments; without a command they are those of `list`."""
        named = bool(args) and (not args[0].startswith("-") or args[0] == "--help")
        return super().parse_args(ctx, args if named else ["list", *args])


def offered(incomplete: str) -> list[str]:
    """Return the ids of the newest jobs for a shell to complete; none when the service does not answer at once."""
    from likeness.client import Client, Retries

    url, key = os.environ.get("LIKENESS_URL", URL), os.environ.get("LIKENESS_KEY")
    try:
        with Client(url, key, timeout=1.0, retries=Retries(attempts=1)) as client:
            return [job.id for job in islice(client.jobs(), COMPLETED) if job.id.startswith(incomplete)]
    except Problem:
        return []


app = typer.Typer(cls=Listing, help="Your jobs; lists them when no command is named.")

Id = Annotated[str, typer.Argument(help="Id of a job.", show_default=False, autocompletion=offered)]
Ids = Annotated[list[str], typer.Argument(help="Ids of jobs.", show_default=False, autocompletion=offered)]
Status = Annotated[str | None, typer.Option(help="Only queued, running, succeeded, failed or cancelled ones.")]


@app.command("list")
def list_jobs(
    limit: Annotated[int, typer.Option(min=1, help="How many of the newest to look at.")] = 20,
    status: Status = None,
    as_json: AsJson = False,
    url: Url = URL,
    key: Key = None,
) -> None:
    """List your jobs, newest first: id, kind, status, engine, age and verdict."""
    from rich.console import Console

    from likeness.cli.job_tables import job_table
    from likeness.client import Client
    from likeness.contract.jobs import JobStatus

    if status is not None and status not in list(JobStatus):
        raise typer.BadParameter(f"{status} is none of {', '.join(JobStatus)}", param_hint="--status")
    with Client(url, key) as client:
        newest = islice(client.jobs(page_size=min(limit, 100)), limit)
        found = [job for job in newest if status in (None, job.status)]
    if as_json:
        typer.echo(json.dumps([job.model_dump(mode="json") for job in found], indent=2))
    else:
        Console().print(job_table(found) if found else "no jobs")


@app.command()
def show(job: Id, as_json: AsJson = False, url: Url = URL, key: Key = None) -> None:
    """Show a job as it stands."""
    from likeness.client import Client

    with Client(url, key) as client:
        _print(client.job(job), as_json)


@app.command()
def watch(
    job: Id,
    as_json: Annotated[bool, typer.Option("--json", help="Print each event as a line of JSON.")] = False,
    url: Url = URL,
    key: Key = None,
) -> None:
    """Follow a job until it has ended. Exits 1 when it failed or was cancelled."""
    from rich.console import Console

    from likeness.cli.terminal import wait_watched
    from likeness.client import Client
    from likeness.client.polling import succeeded

    with Client(url, key) as client:
        if as_json:
            for event in client.events(job):
                typer.echo(event.model_dump_json(exclude_none=True))
            succeeded(client.job(job))
        else:
            _print(wait_watched(client, client.job(job), Console(), LONGEST_WATCH), as_json)


@app.command()
def cancel(jobs: Ids, as_json: AsJson = False, url: Url = URL, key: Key = None) -> None:
    """Stop jobs within one step of their engines. One that has ended stays as it is."""
    from likeness.client import Client

    with Client(url, key) as client:
        stopped = [client.cancel(job) for job in jobs]
    if as_json:
        typer.echo(json.dumps([job.model_dump(mode="json") for job in stopped], indent=2))
    else:
        typer.echo("\n".join(f"{job.id}: {job.status}" for job in stopped))


@app.command()
def delete(
    jobs: Ids,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    url: Url = URL,
    key: Key = None,
) -> None:
    """Stop jobs and erase them and their pictures."""
    from likeness.client import Client

    if not yes and not typer.confirm(f"erase {len(jobs)} of your jobs and their pictures?"):
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
    """Fetch the images of a job, best first."""
    from likeness.cli.many import SUFFIXES
    from likeness.client import Client
    from likeness.client.polling import succeeded

    with Client(url, key) as client:
        result = succeeded(client.job(job)).result
        made = result.images if result else []
        paths = [
            client.save(job, out / f"{job}-{number}{SUFFIXES.get(image.format, '')}", number)
            for number, image in enumerate(made)
        ]
    names = [str(path) for path in paths]
    typer.echo(json.dumps(names, indent=2) if as_json else "\n".join(names))


def _print(job: "RemoteJob", as_json: bool) -> None:
    from rich.console import Console

    from likeness.cli.job_tables import job_rows
    from likeness.cli.terminal import print_rows

    if as_json:
        typer.echo(job.model_dump_json(indent=2))
    else:
        print_rows(Console(), job_rows(job))


def usage(
    days: Annotated[int, typer.Option(min=1, help="How many UTC days, today with them.")] = 1,
    as_json: AsJson = False,
    url: Url = URL,
    key: Key = None,
) -> None:
    """Tell what your key used, and its bounds."""
    from rich.console import Console

    from likeness.cli.job_tables import usage_table
    from likeness.client import Client

    with Client(url, key) as client:
        used = client.usage(days)
    if as_json:
        typer.echo(used.model_dump_json(indent=2))
        return
    quota, running = used.daily_quota, used.concurrency
    Console().print(usage_table(used))
    typer.echo(f"daily quota: {quota or 'none'}; most jobs running at once: {running or 'no bound'}")
