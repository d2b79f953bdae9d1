"""Interactive jobs without a batch and beside one: how long they wait for a worker, and until their result."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np

from benchmarks.soak import running
from likeness.client import Client, RemoteJob

STEPS: Final = 20
PAUSE_SECONDS: Final = 0.2
BATCH_ITEMS: Final = 3000
"""More than end while interactive jobs are measured."""

Picture = Callable[[int], bytes]


def beside(picture: Picture, jobs: int) -> list[tuple[str, str, str]]:
    """Return how long interactive jobs, one after the other, take without a batch and beside one."""
    with running() as stack, Client(stack.settings.url) as client:
        _interactive(client, picture, 4)  # so that no engine is loaded while it is measured
        without = _interactive(client, picture, jobs)
        batch = client.submit_batch(*_batch(client, picture))
        while not client.batch(batch).counts.ended:
            time.sleep(PAUSE_SECONDS)
        with_batch = _interactive(client, picture, jobs)
        left = client.batch(batch).counts
    return [
        ("jobs of the batch left at the end", str(left.waiting + left.queued), "> 0"),
        *_compared("until it starts", without, with_batch, lambda job: job.started_at),
        *_compared("until its result", without, with_batch, lambda job: job.ended_at),
    ]


def _interactive(client: Client, picture: Picture, jobs: int) -> list[RemoteJob]:
    """Make so many jobs one after the other, and return them as they ended."""
    made = []
    for number in range(jobs):
        job = client.recreate(picture(number), steps=STEPS, prompt="interactive")
        made.append(client.wait(job, timeout=120))
        time.sleep(PAUSE_SECONDS)
    return made


def _batch(client: Client, picture: Picture) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the recipe and the items of a batch whose jobs share runs with each other, and with no interactive one."""
    upload = client.upload(picture(0))
    recipe = {"name": "a", "kind": "recreate", "steps": STEPS, "prompt": "batch"}
    return [recipe], [{"reference": str(number), "image": {"upload": upload}} for number in range(BATCH_ITEMS)]


def _compared(
    what: str,
    without: Sequence[RemoteJob],
    with_batch: Sequence[RemoteJob],
    moment: Callable[[RemoteJob], datetime | None],
) -> list[tuple[str, str, str]]:
    first, second = ([_seconds(job, moment(job)) for job in jobs] for jobs in (without, with_batch))
    found = [
        (f"{what}, {name}", [float(np.percentile(seconds, percent)) for seconds in (first, second)])
        for name, percent in (("p50", 50), ("p95", 95))
    ]
    return [
        (name, f"{alone:.3f} s, beside a batch {beside:.3f} s: {beside - alone:+.3f} s", "within 10 %")
        for name, (alone, beside) in found
    ]


def _seconds(job: RemoteJob, moment: datetime | None) -> float:
    if moment is None:
        raise ValueError(f"job {job.id} was never so far")
    return (moment - job.created_at).total_seconds()
