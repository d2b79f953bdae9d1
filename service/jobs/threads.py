"""Work on whole images in the service: a few at a time, since one of 50 megapixels takes 150 MB and more."""

from collections.abc import Callable
from typing import Final, TypeVar, TypeVarTuple

from anyio import CapacityLimiter, to_thread

AT_ONCE: Final = 2

Args = TypeVarTuple("Args")
Found = TypeVar("Found")
_limiters: list[CapacityLimiter] = []


async def with_pixels(work: Callable[[*Args], Found], *args: *Args) -> Found:
    """Return what `work` returns, done in a thread once there is a place for it; the others wait without a thread."""
    return await to_thread.run_sync(work, *args, limiter=_limiter())


def _limiter() -> CapacityLimiter:
    """Return the one limiter; it is made on first use because that needs a running event loop."""
    if not _limiters:
        _limiters.append(CapacityLimiter(AT_ONCE))
    return _limiters[0]
