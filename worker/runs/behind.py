"""Doing things behind the run: while the device makes the next pictures, a thread measures the last."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Final, Self

LOOK_SECONDS: Final = 0.25
"""How often who waits for the thread looks whether what it does is still wanted."""


class Behind:
    """A thread that does what it is given, in order. Of what is not done it holds `most`; then the giver waits.

    Leaving it waits for everything. Who waits calls `look` now and then, which may raise; where it is left by an
    exception, what has not begun is dropped.
    """

    def __init__(self, most: int, look: Callable[[], None] = lambda: None) -> None:
        self._look = look
        self._room = threading.BoundedSemaphore(most)
        self._thread = ThreadPoolExecutor(1, "measuring")
        self._given: list[Future[None]] = []

    def do(self, act: Callable[[], None]) -> None:
        """Give it something to do. Raises what `look` raises."""
        while not self._room.acquire(timeout=LOOK_SECONDS):
            self._look()
        given = self._thread.submit(act)
        given.add_done_callback(lambda _: self._room.release())
        self._given.append(given)

    def __enter__(self) -> Self:
        """Take things from now on."""
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        """Wait for what was given; raise what the first of it raised, or `look`."""
        all_done = False
        try:
            if kind is None:
                self._finish()
                all_done = True
        finally:
            self._thread.shutdown(wait=True, cancel_futures=not all_done)
        for given in self._given if all_done else ():
            given.result()

    def _finish(self) -> None:
        while wait(self._given, LOOK_SECONDS).not_done:
            self._look()
