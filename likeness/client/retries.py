"""When a request is sent again, and what is told when it is not. Pure decisions: nothing is sent and nothing sleeps."""

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from likeness.contract.errors import FieldProblem
from likeness.problems import LikenessProblem

RETRIED_STATUS: Final = frozenset({429, 502, 503})
RETRIED_CODES: Final = frozenset({"idempotency_pending"})
LEAST: Final = 5.0
"""Seconds that an answer is waited for though the deadline is over: the last look at a job is one too."""


@dataclass(frozen=True)
class Retries:
    """How often, and how far apart, a request is tried again.

    Pauses are in seconds; without a Retry-After they double from `first_pause` to `longest_pause`. A Retry-After is
    never undercut: one beyond `longest_asked` ends the tries at once, and the problem's `retry_after` tells it.
    """

    attempts: int = 5
    first_pause: float = 0.25
    longest_pause: float = 30.0
    longest_asked: float = 120.0


class Tries:
    """The tries of one request. `after` says what follows an answer that is not a good one."""

    def __init__(self, retries: Retries, address: str, deadline: float | None = None) -> None:
        """`deadline` is on time.monotonic()'s clock: no try is made after it."""
        self._retries = retries
        self._address = address
        self._deadline = deadline
        self._count = 0

    def left(self, timeout: float) -> float:
        """Return the seconds to wait for an answer: `timeout`, or less where the deadline is nearer."""
        return timeout if self._deadline is None else min(timeout, max(LEAST, self._deadline - time.monotonic()))

    def progressed(self) -> None:
        """Count anew: something new has come."""
        self._count = 0

    def after(self, outcome: httpx.Response | httpx.HTTPError) -> float:
        """Return the seconds to pause before the next try. Raises LikenessProblem when there is to be none."""
        self._count += 1
        problem = _failure(outcome, self._address) if isinstance(outcome, httpx.HTTPError) else problem_of(outcome)
        if self._count >= self._retries.attempts or not _worth_it(outcome, problem):
            raise problem
        pause = self._pause(problem.retry_after)
        late = self._deadline is not None and time.monotonic() + pause > self._deadline
        if late or (problem.retry_after or 0) > self._retries.longest_asked:
            raise problem
        return pause

    def _pause(self, asked: float | None) -> float:
        """Return what the service asked for, else doubling pauses; never in step with others."""
        doubled = min(self._retries.longest_pause, self._retries.first_pause * 2 ** (self._count - 1))
        return (doubled if asked is None else asked) * random.uniform(1.0, 1.25)  # noqa: S311  no secret


def problem_of(answer: httpx.Response) -> LikenessProblem:
    """Return the error that a problem+json answer tells; of another answer, its status line."""
    status, wait = answer.status_code, retry_after(answer.headers)
    request_id = answer.headers.get("X-Request-ID", "")
    try:
        body: Mapping[str, Any] = answer.json()
        fields = [FieldProblem(error["pointer"], error["detail"]) for error in body.get("errors") or []]
        return LikenessProblem(status, body["code"], body.get("detail") or body["title"], fields, request_id, wait)
    except (ValueError, KeyError, TypeError, AttributeError):
        detail = f"{answer.request.url} answered {status} {answer.reason_phrase}"
        return LikenessProblem(status, "unexpected_answer", detail, request_id=request_id, retry_after=wait)


def retry_after(headers: httpx.Headers) -> float | None:
    """Return the seconds of a Retry-After, given in seconds or as a date; None where there is none that can be read."""
    said = headers.get("Retry-After", "")
    try:
        return max(0.0, float(said))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(said)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _worth_it(outcome: httpx.Response | httpx.HTTPError, problem: LikenessProblem) -> bool:
    if isinstance(outcome, httpx.HTTPError):
        return isinstance(outcome, httpx.TransportError) and not isinstance(outcome, httpx.UnsupportedProtocol)
    return outcome.status_code in RETRIED_STATUS or problem.code in RETRIED_CODES


def _failure(error: httpx.HTTPError, address: str) -> LikenessProblem:
    """Return what is told when there was no answer; the number that the system puts before its reason is left out."""
    if isinstance(error, httpx.UnsupportedProtocol):
        return LikenessProblem(0, "invalid_url", f"{address}: {error}")
    if not isinstance(error, httpx.TransportError):
        return LikenessProblem(0, "no_answer", str(error))
    reason = str(error).rpartition("] ")[2] or type(error).__name__
    return LikenessProblem(0, "no_answer", f"{address} does not answer: {reason}")
