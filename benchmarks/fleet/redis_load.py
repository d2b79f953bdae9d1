"""How busy fleets keep Redis's core: `python -m benchmarks.fleet.redis_load`. Arithmetic on measured figures."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.fleet.assumptions import (
    BUSIEST_JOBS_A_SECOND,
    DAY_JOBS,
    IDLE_SHARE,
    REDIS_ENDED_BYTES,
    REDIS_IDLE_SECONDS,
    REDIS_JOB_SECONDS,
    REDIS_PRESENCE_SECONDS,
)
from likeness.queue.keys import HEARTBEAT_SECONDS

SIZES = (1, 10, 100, 1000)


@dataclass(frozen=True)
class Load:
    """What a fleet of so many GPUs asks of Redis at the busiest hour: shares of its core, and bytes after a day."""

    gpus: int

    @property
    def jobs(self) -> float:
        """The share that jobs take."""
        return self.gpus * BUSIEST_JOBS_A_SECOND * REDIS_JOB_SECONDS

    @property
    def idle(self) -> float:
        """The share that idle workers take, which look for jobs."""
        return self.gpus * IDLE_SHARE * REDIS_IDLE_SECONDS

    @property
    def presence(self) -> float:
        """The share that all workers take to say what they hold."""
        return self.gpus * REDIS_PRESENCE_SECONDS / HEARTBEAT_SECONDS

    @property
    def whole(self) -> float:
        """The share of the core in all."""
        return self.jobs + self.idle + self.presence

    @property
    def memory(self) -> float:
        """Bytes of a day's ended jobs."""
        return self.gpus * DAY_JOBS * REDIS_ENDED_BYTES

    def cells(self) -> list[str]:
        """Return the figures as text."""
        shares = (self.jobs, self.idle, self.presence, self.whole)
        return [str(self.gpus), *(f"{100 * share:.2g} %" for share in shares), f"{self.memory / 1e9:.3g} GB"]


def loads(sizes: Sequence[int] = SIZES) -> list[Load]:
    """Return the load of each fleet."""
    return [Load(gpus) for gpus in sizes]


def main() -> None:
    """Print the table."""
    head = ["GPUs", "jobs", "idle workers", "engines held", "total", "memory of a day's ended jobs"]
    for cells in [head, ["---"] * len(head), *(load.cells() for load in loads())]:
        sys.stdout.write(f"| {' | '.join(cells)} |\n")


if __name__ == "__main__":
    main()
