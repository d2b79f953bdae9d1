"""Doing things behind the run: while the device makes the next pictures, a thread measures the last."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self


class Behind:
    """A thread that does what it is given, in order. Of what is not done it holds `most`; then the giver waits.

    Leaving it waits for everything; where that is by an exception, what has not begun is dropped.
    """

    def __init__(self, most: int) -> None:
        self._room = threading.BoundedSemaphore(most)
        self._thread = ThreadPoolExecutor(1, "measuring")
        self._given: list[Future[None]] = []

    def do(self, act: Callable[[], None]) -> None:
        """Give it something to do."""
        self._room.acquire()
        given = self._thread.submit(act)
        given.add_done_callback(lambda _: self._room.release())
        self._given.append(given)

    def __enter__(self) -> Self:
        """Take things from now on."""
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        """Wait for what was given; raise what the first of it raised."""
        self._thread.shutdown(wait=True, cancel_futures=kind is not None)
        for given in self._given if kind is None else ():
            given.result()
