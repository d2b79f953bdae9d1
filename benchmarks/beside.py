"""Interactive jobs without a batch and beside one: how long they wait for a worker, and until their result.

Both are measured in turn, several times in one stack, so that whatever else the machine does meets both alike.
"""

import io
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.soak import running
from likeness.client import Client, RemoteBatch, RemoteJob

ROUNDS: Final = 4
"""How often each of both is measured."""
PAUSE_SECONDS: Final = 0.2
BATCH_ITEMS: Final = 3000
"""More than end while interactive jobs are measured."""
WINDOW: Final = "8"
"""Jobs of the batch in the queue at once, which end while it is paused."""
SIDE: Final = 400
"""Pixels of a picture's side."""
ASKED: Final = 1.10
"""How much longer a job may take beside a batch."""

Fields = dict[str, Any]


@dataclass
class Case:
    """An engine, and what interactive jobs and those of the batch ask of it; the two share no run."""

    engine: str
    kind: str
    interactive: Fields
    batch: Fields
    without: list[RemoteJob] = field(default_factory=list)
    beside: list[RemoteJob] = field(default_factory=list)

    def rows(self) -> list[tuple[str, str, str]]:
        """Return what was measured."""
        return [
            *self._compared("until it starts", lambda job: job.started_at),
            *self._compared("until its result", lambda job: job.ended_at),
        ]

    def _compared(self, what: str, moment: Callable[[RemoteJob], datetime | None]) -> list[tuple[str, str, str]]:
        first, second = ([_seconds(job, moment(job)) for job in jobs] for jobs in (self.without, self.beside))
        rows = []
        for percent in (50, 95):
            alone, beside = (float(np.percentile(seconds, percent)) for seconds in (first, second))
            name = f"{self.engine}: {what}, p{percent} of {len(first)} and {len(second)}"
            asked = f"<= {ASKED:.2f}" if percent == 95 else ""
            rows.append((name, f"{alone:.3f} s, beside a batch {beside:.3f} s: {beside / alone:.2f}", asked))
        return rows


def cases() -> list[Case]:
    """Return an engine that takes a set time in steps, and the exact arithmetic of one picture at a time."""
    return [
        Case("drill", "recreate", {"steps": 20, "prompt": "interactive"}, {"steps": 20, "prompt": "batch"}),
        Case("retouch", "customise", {"recolour": {"to": "#a01020"}}, {"recolour": {"to": "#20309f"}}),
    ]


def beside(jobs: int) -> list[tuple[str, str, str]]:
    """Return how long interactive jobs, one after the other, take without a batch and beside one, by engine."""
    rows = []
    with running('extends = "shipped"\n', LIKENESS_BATCH_WINDOW=WINDOW) as stack, Client(stack.settings.url) as client:
        for case in cases():
            rows += _measured(client, case, jobs)
    return rows


def _measured(client: Client, case: Case, jobs: int) -> list[tuple[str, str, str]]:
    _interactive(client, case, 4)  # so that no engine is loaded while it is measured
    batch = client.submit_batch(*_batch(client, case))
    for _ in range(ROUNDS):
        _until_busy(client, batch)
        case.beside += _interactive(client, case, jobs // ROUNDS)
        client.pause_batch(batch)
        _until(lambda: client.batch(batch).counts.queued == 0)
        case.without += _interactive(client, case, jobs // ROUNDS)
        client.resume_batch(batch)
    counts = client.batch(batch).counts
    client.delete_batch(batch)
    left = f"{counts.total - counts.ended}, {counts.ended}, {counts.failed}"
    return [*case.rows(), (f"{case.engine}: jobs of the batch: left, ended, failed", left, "> 0, > 0, 0")]


def _interactive(client: Client, case: Case, jobs: int) -> list[RemoteJob]:
    """Make so many jobs one after the other, and return them as they ended."""
    made = []
    for number in range(jobs):
        job = getattr(client, case.kind)(picture(number), engine=case.engine, **case.interactive)
        made.append(client.wait(job, timeout=120))
        time.sleep(PAUSE_SECONDS)
    return made


def _batch(client: Client, case: Case) -> tuple[list[Fields], list[Fields]]:
    upload = client.upload(picture(0))
    recipe = {"name": "a", "kind": case.kind, "engine": case.engine, **case.batch}
    return [recipe], [{"reference": str(number), "image": {"upload": upload}} for number in range(BATCH_ITEMS)]


def _until_busy(client: Client, batch: RemoteBatch) -> None:
    """Wait until jobs of a batch end again, and every worker is busy with others."""
    ended = client.batch(batch).counts.ended
    _until(lambda: client.batch(batch).counts.ended >= ended + 2)


def _until(true: Callable[[], bool]) -> None:
    while not true():
        time.sleep(PAUSE_SECONDS)


def picture(number: int) -> bytes:
    """Return a PNG of a product before a wall, of a colour of its own."""
    image = Image.new("RGB", (SIDE, SIDE), (236, 234, 230))
    shade = (number % 200, 40 + number // 200 % 200, 90)
    ImageDraw.Draw(image).ellipse([SIDE // 4, SIDE // 4, SIDE * 3 // 4, SIDE * 3 // 4], fill=shade)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _seconds(job: RemoteJob, moment: datetime | None) -> float:
    if moment is None:
        raise ValueError(f"job {job.id} was never so far")
    return (moment - job.created_at).total_seconds()
