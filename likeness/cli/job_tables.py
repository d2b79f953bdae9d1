"""Jobs in a terminal: a table of many, the details of one."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from rich.markup import escape
from rich.table import Column, Table

from likeness.client.models import RemoteJob, Usage
from likeness.contract.report import Report

COLOURS: Final = {"accepted": "green", "rejected": "red", "failed": "red", "cancelled": "yellow", "running": "cyan"}
AGES: Final = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
"""The units of an age and their seconds, largest first."""


def job_table(jobs: Sequence[RemoteJob]) -> Table:
    """Return a row for each job: id, status, name, what was asked, age and verdict; the id is never shortened.

    The name is the reference, or else that of the file.
    """
    whole = [Column(name, no_wrap=True) for name in ("id", "status")]
    folded = [Column(name, overflow="fold") for name in ("name", "asked")]  # fits 80 columns
    age_column = Column("age", justify="right", no_wrap=True)
    table = Table(*whole, *folded, age_column, Column("verdict", overflow="fold"), box=None, padding=(0, 1, 0, 0))
    now = datetime.now(UTC)
    for job in jobs:
        name = escape(job.reference or job.filename or "-")
        cells = (job.id, _coloured(job.status.value), name, escape(job.asked or job.kind), age(job.created_at, now))
        table.add_row(*cells, _coloured(verdict(job)))
    return table


def job_rows(job: RemoteJob) -> list[tuple[str, str]]:
    """Return the details of a job as pairs of a name and a text."""
    status = f"{job.status}, {job.position} ahead of it" if job.position is not None else str(job.status)
    rows = [("job", job.id), ("kind", job.kind), ("status", status), ("engine", job.engine or "-")]
    labels = {"reference": job.reference, "file": job.filename, "asked": job.asked, "recipe": job.recipe}
    rows += [(name, text) for name, text in labels.items() if text]
    rows += [(f"metadata {name}", text) for name, text in job.metadata.items()]
    moments = {"created": job.created_at, "started": job.started_at, "finished": job.ended_at}
    rows += [(name, f"{moment:%Y-%m-%d %H:%M:%S} UTC") for name, moment in moments.items() if moment]
    if job.progress:
        rows.append(("progress", f"{job.progress.stage} {job.progress.step}/{job.progress.steps}"))
    if job.error:
        rows.append(("error", f"{job.error.code}: {job.error.detail}"))
    if job.webhook:
        tries = len(job.webhook.deliveries)
        sent = f"after {tries} {'try' if tries == 1 else 'tries'}" if tries else "not sent yet"
        rows.append(("webhook", f"{job.webhook.url}: {job.webhook.state}, {sent}"))
    for number, image in enumerate(job.result.images if job.result else ()):
        rows.append((f"image {number}", f"{image.width}x{image.height} {image.format}, {_judged(image.report)}"))
    return rows


def usage_table(usage: Usage) -> Table:
    """Return a row for each day of usage: jobs accepted and finished, images, and seconds of workers."""
    names = ("accepted", "succeeded", "failed", "cancelled", "images", "seconds")
    table = Table("day", *(Column(name, justify="right") for name in names), box=None, padding=(0, 1, 0, 0))
    for day in usage.days:
        table.add_row(str(day.day), *(f"{getattr(day, name):g}" for name in names))
    return table


def verdict(job: RemoteJob) -> str:
    """Return the verdict on the best image of a job, the code of its error, or a dash if there is neither."""
    if job.error:
        return job.error.code
    return job.result.images[0].report.verdict.value if job.result and job.result.images else "-"


def age(moment: datetime, now: datetime) -> str:
    """Return how long ago `moment` was, in the largest whole unit."""
    seconds = max(0, int((now - moment).total_seconds()))
    size, unit = next((one for one in AGES if seconds >= one[0]), AGES[-1])
    return f"{seconds // size} {unit}"


def _judged(report: Report) -> str:
    mend = " (retouchable)" if report.retouchable else ""
    return f"{report.verdict}{mend}: {'; '.join(report.reasons)}"


def _coloured(text: str) -> str:
    colour = COLOURS.get(text)
    return f"[{colour}]{text}[/]" if colour else escape(text)
