"""The memory that requests take for what callers send, or have fetched, counted for as long as a request lasts."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from likeness.contract.errors import TooManyUploads


class Memory:
    """Bytes that all requests under way may take together, and those of one API key of them.

    A request that asks while nobody else has any gets what it needs, so that none is refused for ever.
    """

    def __init__(self, most: int, share: int | None = None) -> None:
        self._most, self._share = most, share
        self._taken: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        """Bytes that requests have now."""
        return self._taken.total()

    @contextmanager
    def held(self) -> Iterator["Held"]:
        """Give the block something to take memory with; it is given back when the block ends."""
        held = Held(self)
        token = _current.set(held)
        try:
            yield held
        finally:
            _current.reset(token)
            self._taken[held.owner] -= held.size
            self._taken += Counter()  # forget owners that have none

    def take(self, held: "Held", size: int) -> None:
        """Take so many bytes more. Raises TooManyUploads when there are not so many left."""
        others, own = self.taken - held.size, self._taken[held.owner] - held.size
        wanted = held.size + size
        full = others > 0 and others + wanted > self._most
        unfair = bool(held.owner) and self._share is not None and own > 0 and own + wanted > self._share
        if full or unfair:
            raise TooManyUploads("other uploads are in progress; try again in a second", retry_after=1)
        self._taken[held.owner] += size
        held.size = wanted

    def owned(self, held: "Held", owner: str) -> None:
        """Count what was taken, and what will be, to the share of a key."""
        self._taken[held.owner] -= held.size
        self._taken[owner] += held.size
        held.owner = owner


class Held:
    """What one request has taken."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self.size = 0
        self.owner = ""

    def take(self, size: int) -> None:
        """Take so many bytes more, until the request ends. Raises TooManyUploads."""
        self._memory.take(self, size)

    def owned_by(self, owner: str) -> None:
        """Say whose request it is; one without API keys is nobody's."""
        self._memory.owned(self, owner)


_current: Final[ContextVar[Held | None]] = ContextVar("held", default=None)


def held() -> Held:
    """Return what the current request has taken; outside a request, something that is not counted with others."""
    return _current.get() or Held(Memory(1))
