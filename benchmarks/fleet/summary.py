"""What a simulated day comes to, as the rows of a table."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.fleet.queues import INTERACTIVE, Job
from benchmarks.fleet.simulation import Counts

HEAD = (
    "workers",
    "rules",
    "jobs",
    "interactive wait p50, p95, p99 (s)",
    "batch wait p50, p95 (s)",
    "busy",
    "loading",
    "swaps an hour, a worker",
    "jobs a run",
    "GPU-hours",
)


@dataclass(frozen=True)
class Row:
    """One fleet's day. Waits are seconds from POST to a worker's start on the job."""

    workers: int
    rules: str
    jobs: int
    interactive: tuple[float, float, float]
    batch: tuple[float, float]
    busy: float
    loading: float
    swaps: float
    together: float
    gpu_hours: float

    @classmethod
    def of(cls, workers: int, rules: str, jobs: Sequence[Job], counts: Counts) -> "Row":
        """Return the row of a run. Every job has begun."""
        waits: tuple[list[float], list[float]] = ([], [])
        for job in jobs:
            waits[job.tier != INTERACTIVE].append((job.began if job.began is not None else math.inf) - job.arrived)
        first, second = (np.array(tier or [0.0]) for tier in waits)
        hours = counts.seconds.paid / 3600
        return cls(
            workers,
            rules,
            len(jobs),
            tuple(float(np.percentile(first, at)) for at in (50, 95, 99)),  # type: ignore[arg-type]
            tuple(float(np.percentile(second, at)) for at in (50, 95)),  # type: ignore[arg-type]
            counts.seconds.busy / counts.seconds.paid,
            counts.seconds.loading / counts.seconds.paid,
            counts.swaps / hours,
            counts.jobs / counts.runs,
            hours,
        )

    def cells(self) -> tuple[str, ...]:
        """Return the row as text, in the order of HEAD."""
        return (
            str(self.workers),
            self.rules,
            f"{self.jobs:,}",
            ", ".join(map(seconds, self.interactive)),
            ", ".join(map(seconds, self.batch)),
            f"{self.busy:.0%}",
            f"{self.loading:.1%}",
            f"{self.swaps:.1f}",
            f"{self.together:.2f}",
            f"{self.gpu_hours:,.0f}",
        )


def seconds(value: float) -> str:
    """Return seconds with two figures that mean something."""
    return f"{value:.2f}" if value < 1 else f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def markdown(rows: Sequence[Row]) -> str:
    """Return the table as Markdown."""
    lines = [HEAD, ["---"] * len(HEAD), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
