"""What keeps a worker's leases alive."""

import threading
import time
from typing import Any

import pytest

from likeness.queue import keys
from worker.queue.heartbeat import Heartbeat


def test_a_beat_that_fails_in_any_way_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "HEARTBEAT_SECONDS", 0.01)
    beats, again = [], threading.Event()

    def renew(_: Heartbeat) -> None:
        beats.append(time.monotonic())
        if len(beats) == 1:
            raise RuntimeError("dictionary changed size during iteration")
        again.set()
        threading.Event().wait()  # this thread beats no more

    monkeypatch.setattr(Heartbeat, "_renew", renew)
    nobody: Any = None
    Heartbeat(nobody, nobody, [], 1).start()
    assert again.wait(5)
