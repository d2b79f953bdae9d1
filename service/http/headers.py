"""The request headers that say how to answer: Prefer, Range, If-None-Match, Accept. Pure functions on text."""

import re
from collections.abc import Sequence
from typing import Final

from likeness.contract.errors import RangeNotSatisfiable

LONGEST_WAIT: Final = 60
"""Seconds that one call may wait for a job."""
WAIT: Final = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?(\d{1,9})\"?\s*(?=$|[,;])", re.IGNORECASE)
RANGE: Final = re.compile(r"bytes=\s*(\d{0,15})-(\d{0,15})\s*")
QUALITY: Final = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")


def preferred_wait(prefer: str) -> int | None:
    """Return the seconds of `Prefer: wait=N`, cut to the longest wait, or None (RFC 7240)."""
    found = WAIT.search(prefer)
    return min(int(found.group(1)), LONGEST_WAIT) if found else None


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """Return the first byte and the one after the last, or None where the whole is to be sent (RFC 9110, 14).

    Raises RangeNotSatisfiable. Several ranges at once and other units are not taken, so the whole is sent.
    """
    found = RANGE.fullmatch(header)
    if not found or found.group(1) == found.group(2) == "":
        return None
    first, last = found.groups()
    if first == "":
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= size:
        raise RangeNotSatisfiable(f"the image has {size} bytes")
    return start, end


def etag_matches(header: str, etag: str) -> bool:
    """Return whether If-None-Match names this tag; weak or strong makes no difference there."""
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return "*" in tags or etag.removeprefix("W/") in tags


def best_media_type(accept: str, offered: Sequence[str]) -> str | None:
    """Return the offered media type that Accept likes best, the earlier of equals, or None (RFC 9110, 12.5.1)."""
    wanted = [_media_range(part) for part in accept.split(",") if part.strip()] or [("*/*", 1.0)]
    best = max(offered, key=lambda media_type: _quality(media_type, wanted))
    return best if _quality(best, wanted) > 0 else None


def _media_range(text: str) -> tuple[str, float]:
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    quality = next((part.partition("=")[2] for part in parameters if part.startswith("q=")), "1")
    return name, float(quality) if QUALITY.fullmatch(quality) else 0.0


def _quality(media_type: str, wanted: Sequence[tuple[str, float]]) -> float:
    """Return the quality of the most specific range that covers the type."""
    found = dict(reversed(wanted))
    family = media_type.partition("/")[0] + "/*"
    return next((found[name] for name in (media_type, family, "*/*") if name in found), 0.0)
