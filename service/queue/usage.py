"""The days that usage is counted by, and the counters of one as Redis has them. A day is UTC's."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final

from likeness.contract.usage import DayUsage
from likeness.queue import keys

DAY_SECONDS: Final = 24 * 3600


def today() -> date:
    """Return the day that it is now."""
    return datetime.now(UTC).date()


def seconds_to_midnight() -> int:
    """Return in how many whole seconds the day ends, at least 1."""
    now = datetime.now(UTC)
    midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
    return max(1, int((midnight - now).total_seconds()) + 1)


def usage_key(owner: str, day: date) -> str:
    """Return the key of the counters of an owner's day."""
    return keys.USAGE_KEY.format(owner=owner, day=day)


def day_usage(day: date, fields: Mapping[bytes, bytes]) -> DayUsage:
    """Return the counters of a day; those of a day without a job are zero."""
    return DayUsage(day=day, **{name.decode(): value.decode() for name, value in fields.items()})


def rate_limit(quota: int, used: int) -> dict[str, str]:
    """Return the headers for a daily quota and what is left of it (draft-ietf-httpapi-ratelimit-headers-08)."""
    return {
        "RateLimit-Policy": f'"daily";q={quota};w={DAY_SECONDS}',
        "RateLimit": f'"daily";r={max(0, quota - used)};t={seconds_to_midnight()}',
    }
