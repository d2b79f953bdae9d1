"""The commands of `likeness reviews`: approve and reject results, withdraw that, and export the judgements."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from likeness.cli.jobs import Ids
from likeness.cli.options import URL, Key, Url
from likeness.contract.reviews import LONGEST_LINK, Decision
from likeness.problems import LocalProblem

if TYPE_CHECKING:  # heavy: imported when a command runs
    from likeness.client import Client
    from likeness.client.models import RemoteJob
    from likeness.files.judgements import Row

app = typer.Typer(help="Review results, and export the reviews for `likeness calibrate`.", no_args_is_help=True)

OUT = Path("judgements.csv")
PAGE = 100
Comment = Annotated[str | None, typer.Option(help="What to tell the others who see the jobs.")]


@app.command()
def approve(jobs: Ids, comment: Comment = None, url: Url = URL, key: Key = None) -> None:
    """Approve the results of jobs, each in the place of your last review of it."""
    _review(jobs, Decision.APPROVED, comment, url, key)


@app.command()
def reject(jobs: Ids, comment: Comment = None, url: Url = URL, key: Key = None) -> None:
    """Reject the results of jobs, each in the place of your last review of it."""
    _review(jobs, Decision.REJECTED, comment, url, key)


@app.command()
def withdraw(jobs: Ids, url: Url = URL, key: Key = None) -> None:
    """Withdraw your reviews of jobs; those of others stay."""
    from likeness.client import Client

    with Client(url, key) as client:
        for job in jobs:
            typer.echo(f"{job}: {client.withdraw_review(job).review}")


@app.command()
def link(
    reference: Annotated[str, typer.Argument(help="Reference of the jobs.", show_default=False)],
    name: Annotated[str, typer.Option(help="Whose reviews they are to be.")] = "reviewer",
    hours: Annotated[int, typer.Option(min=1, max=LONGEST_LINK, help="How long it works.")] = 24,
    url: Url = URL,
    key: Key = None,
) -> None:
    """Print a link by which somebody without a key reviews the results of a reference, and does nothing else."""
    from likeness.client import Client

    with Client(url, key) as client:
        made = client.review_link(reference, name, hours)
    typer.echo(f"{url.rstrip('/')}{made.url}")


@app.command()
def export(
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write the table to.")] = OUT,
    reference: Annotated[str | None, typer.Option(help="Only jobs with exactly this reference.")] = None,
    since: Annotated[
        datetime | None, typer.Option(help="Only jobs accepted since: 2026-01-15, or 2026-01-15T10:30:00.")
    ] = None,
    url: Url = URL,
    key: Key = None,
) -> None:
    """Write what was approved and rejected as a table of judgements for `likeness calibrate`.

    Approved is P (publish), rejected N (never). Results on which people disagree are left out, and generated images,
    which no limit judges.
    """
    from likeness.client import Client
    from likeness.files.judgements import write_judgements

    with Client(url, key) as client:
        found = list(_reviewed(client, reference, since))
    rows = [row for job in found if (row := _row(job))]
    if not rows:
        raise LocalProblem("no review decides about an image that a limit judges; nothing was written")
    write_judgements(out, rows)
    left_out = f"; {len(found) - len(rows)} generated images are left out" if len(found) > len(rows) else ""
    typer.echo(f"{len(rows)} judgements are in {out}{left_out}")


def _review(jobs: list[str], decision: Decision, comment: str | None, url: str, key: str | None) -> None:
    from likeness.client import Client

    with Client(url, key) as client:
        for job in jobs:
            typer.echo(f"{job}: {client.review(job, decision, comment).review}")


def _reviewed(client: "Client", reference: str | None, since: datetime | None) -> "Iterator[RemoteJob]":
    """Yield the jobs that all who decided approved, then those that all rejected."""
    for decision in Decision:
        yield from client.jobs(page_size=PAGE, reference=reference, since=since, review=decision.value)


def _row(job: "RemoteJob") -> "Row | None":
    """Return the judgement of a job's best image; None where no limit judges it."""
    from likeness.files.judgements import Row
    from likeness.imaging.assessment.calibration import Judged, Judgement

    report = job.result.images[0].report if job.result else None
    if report is None or report.kind is None:
        return None
    judgement = Judgement.PUBLISH if job.review == Decision.APPROVED.value else Judgement.NEVER
    figures = {figure.name: figure.value for figure in report.figures}
    deciding = tuple(review.by for review in job.reviews if review.decision)
    return Row(Judged(report.kind, figures, judgement), job.id, deciding)
