"""Waiting for a job: which request to send next and when. Nothing here sends anything."""

import time
from typing import Final

from likeness.client import calls
from likeness.client.call import Call
from likeness.client.models import RemoteJob
from likeness.problems import LikenessProblem

SHORTEST_INTERVAL: Final = 0.25
"""Minimum seconds between two polls: a service that already holds too many requests responds at once."""
WAIT_SECONDS: Final = 25
"""Seconds for which one GET asks the service to wait until the job has finished."""


class Waiting:
    """Polls a job until it has finished, for at most `timeout` seconds and at least every `every` seconds."""

    def __init__(self, job: RemoteJob | str, timeout: float, every: float = WAIT_SECONDS) -> None:
        self._id = calls.id_of(job)
        self._timeout = timeout
        self._every = every
        self._polled = 0.0
        self.deadline = time.monotonic() + timeout

    def call(self) -> Call[RemoteJob]:
        """Return the next poll."""
        self._polled = time.monotonic()
        left = max(1.0, self.deadline - self._polled)
        return calls.job(self._id, int(max(1.0, min(left, self._every, WAIT_SECONDS))))

    def pause(self, current: RemoteJob) -> float | None:
        """Return the seconds to pause before the next poll, None once the job has finished.

        Raises LikenessProblem (`wait_timeout`) when time is up; the job keeps running.
        """
        if current.status.ended:
            return None
        if time.monotonic() >= self.deadline:
            detail = f"job {self._id} is still {current.status} after {self._timeout:g} s"
            raise LikenessProblem(0, "wait_timeout", detail)
        return max(0.0, SHORTEST_INTERVAL - (time.monotonic() - self._polled))


def succeeded(job: RemoteJob) -> RemoteJob:
    """Return the job if it succeeded. Raises LikenessProblem with the job's own code if it did not."""
    if job.error:
        raise LikenessProblem(200, job.error.code, job.error.detail)
    if job.result is None:
        raise LikenessProblem(200, str(job.status), f"job {job.id} was {job.status}")
    return job
