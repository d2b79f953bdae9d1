"""When a request is retried, and the error if it is not. Pure decisions: nothing here sends or sleeps."""

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
LAST_TRY: Final = 5.0
"""Seconds to wait for a response even if the deadline has passed, so that the last poll of a job counts."""


@dataclass(frozen=True)
class Retries:
    """How often a request is tried, and how long to pause in between.

    Pauses are in seconds; without a Retry-After they double from `first_pause` to `longest_pause`. The client never
    retries before Retry-After; if that is longer than `longest_asked`, it gives up at once and the LikenessProblem
    has it as `retry_after`.
    """

    attempts: int = 5
    first_pause: float = 0.25
    longest_pause: float = 30.0
    longest_asked: float = 120.0


class Tries:
    """The tries of one request; `after` decides what follows a failed one."""

    def __init__(self, retries: Retries, address: str, deadline: float | None = None) -> None:
        """No try is made after `deadline`, which is on the clock of time.monotonic()."""
        self._retries = retries
        self._address = address
        self._deadline = deadline
        self._count = 0

    def left(self, timeout: float) -> float:
        """Return the seconds to wait for a response: `timeout`, or less if the deadline comes first."""
        return timeout if self._deadline is None else min(timeout, max(LAST_TRY, self._deadline - time.monotonic()))

    def progressed(self) -> None:
        """Reset the count: something new was received."""
        self._count = 0

    def after(self, outcome: httpx.Response | httpx.HTTPError) -> float:
        """Return the seconds to pause before the next try. Raises LikenessProblem if there is none."""
        self._count += 1
        problem = _no_response(outcome, self._address) if isinstance(outcome, httpx.HTTPError) else problem_of(outcome)
        if self._count >= self._retries.attempts or not _worth_retrying(outcome, problem):
            raise problem
        pause = self._pause(problem.retry_after)
        late = self._deadline is not None and time.monotonic() + pause > self._deadline
        if late or (problem.retry_after or 0) > self._retries.longest_asked:
            raise problem
        return pause

    def _pause(self, asked: float | None) -> float:
        """Return what the service asked for, otherwise doubling pauses; with jitter, so that clients do not align."""
        doubled = min(self._retries.longest_pause, self._retries.first_pause * 2 ** (self._count - 1))
        return (doubled if asked is None else asked) * random.uniform(1.0, 1.25)  # noqa: S311  no secret


def problem_of(response: httpx.Response) -> LikenessProblem:
    """Return the error in a problem+json response; for any other response, its status line."""
    status, wait = response.status_code, retry_after(response.headers)
    request_id = response.headers.get("X-Request-ID", "")
    try:
        body: Mapping[str, Any] = response.json()
        fields = [FieldProblem(error["pointer"], error["detail"]) for error in body.get("errors") or []]
        return LikenessProblem(status, body["code"], body.get("detail") or body["title"], fields, request_id, wait)
    except (ValueError, KeyError, TypeError, AttributeError):
        detail = f"{response.request.url} answered {status} {response.reason_phrase}"
        return LikenessProblem(status, "unexpected_answer", detail, request_id=request_id, retry_after=wait)


def retry_after(headers: httpx.Headers) -> float | None:
    """Return Retry-After in seconds, from seconds or a date; None if it is absent or malformed."""
    text = headers.get("Retry-After", "")
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _worth_retrying(outcome: httpx.Response | httpx.HTTPError, problem: LikenessProblem) -> bool:
    if isinstance(outcome, httpx.HTTPError):
        return isinstance(outcome, httpx.TransportError) and not isinstance(outcome, httpx.UnsupportedProtocol)
    return outcome.status_code in RETRIED_STATUS or problem.code in RETRIED_CODES


def _no_response(error: httpx.HTTPError, address: str) -> LikenessProblem:
    """Return the error for a request without a response; the operating system's error number is left out."""
    if isinstance(error, httpx.UnsupportedProtocol):
        return LikenessProblem(0, "invalid_url", f"{address}: {error}")
    if not isinstance(error, httpx.TransportError):
        return LikenessProblem(0, "no_answer", str(error))
    reason = str(error).rpartition("] ")[2] or type(error).__name__
    return LikenessProblem(0, "no_answer", f"{address} does not answer: {reason}")
