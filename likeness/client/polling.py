"""Waiting for a job: what to ask next and when, without asking."""

import time
from typing import Final

from likeness.client import calls
from likeness.client.calls import Call
from likeness.client.models import RemoteJob
from likeness.problems import LikenessProblem

SHORTEST_ROUND: Final = 0.25
"""Seconds from one look at a job to the next, at least: a service with too many calls waiting answers at once."""
WAIT_SECONDS: Final = 25
"""How long one GET asks the service to wait for the end of a job."""


class Waiting:
    """The looks at one job until it has ended, for at most `timeout` seconds, each `every` seconds at most."""

    def __init__(self, job: RemoteJob | str, timeout: float, every: float = WAIT_SECONDS) -> None:
        self._id = calls.id_of(job)
        self._timeout = timeout
        self._every = every
        self._asked = 0.0
        self.deadline = time.monotonic() + timeout

    def call(self) -> Call[RemoteJob]:
        """Return the next look."""
        self._asked = time.monotonic()
        left = max(1.0, self.deadline - self._asked)
        return calls.job(self._id, int(max(1.0, min(left, self._every, WAIT_SECONDS))))

    def pause(self, current: RemoteJob) -> float | None:
        """Return the seconds to pause before the next look, None once the job has ended.

        Raises LikenessProblem (`wait_timeout`) when the time is over; the job then goes on.
        """
        if current.status.ended:
            return None
        if time.monotonic() >= self.deadline:
            detail = f"job {self._id} is {current.status} after {self._timeout:g} s"
            raise LikenessProblem(0, "wait_timeout", detail)
        return max(0.0, SHORTEST_ROUND - (time.monotonic() - self._asked))


def succeeded(job: RemoteJob) -> RemoteJob:
    """Return a job that has succeeded. Raises LikenessProblem with the job's own code when it ended otherwise."""
    if job.error:
        raise LikenessProblem(200, job.error.code, job.error.detail)
    if job.result is None:
        raise LikenessProblem(200, str(job.status), f"job {job.id} was {job.status}")
    return job
