"""The soak in short: kills, slow readers and cancels for some seconds, and no job lost or ended twice."""

import pytest

from benchmarks.soak import soak

pytestmark = [pytest.mark.processes, pytest.mark.alone, pytest.mark.timeout(240)]


def test_nothing_is_lost_and_nothing_ends_twice() -> None:
    book = soak(seconds=20, seed=3)
    assert len(book.accepted) > 20 and sum(book.killed.values()) >= 1
    assert book.lost == book.twice == []
    assert not book.mishaps
    assert sum(book.statuses.values()) == len(set(book.accepted)) == len(book.accepted)
    assert set(book.peaks) == {"valkey", "service", "feeder", "worker-1", "worker-2", "webhooks"}
    assert all(peak.memory > 1 and peak.files > 1 for peak in book.peaks.values())
