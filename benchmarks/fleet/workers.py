"""One worker of the simulation: the engines it holds, and what it costs to bring another."""

from collections import OrderedDict
from collections.abc import Sequence

from benchmarks.fleet.assumptions import BUDGET, DISK_BYTES_A_SECOND, PARKED_BYTES_A_SECOND
from benchmarks.fleet.queues import Scheduler
from benchmarks.fleet.scenario import Engine


class Worker:
    """Engines in memory, the least recently used first. Those that were here before are parked beside the GPU."""

    __slots__ = ("_offloaded", "announced", "busy", "engines", "held", "resident", "scheduler", "since", "stopping")

    def __init__(self, engines: Sequence[Engine], since: float) -> None:
        self.engines, self.since, self.scheduler = engines, since, Scheduler(since)
        self.resident: OrderedDict[int, None] = OrderedDict()
        self.held = 0
        self.announced: frozenset[int] = frozenset()
        """What the others know of `resident`."""
        self.busy = False
        self.stopping = False
        self._offloaded: set[int] = set()

    def bring(self, number: int) -> float:
        """Make an engine resident and return the seconds that it takes; 0 when it was so before."""
        if number in self.resident:
            self.resident.move_to_end(number)
            return 0.0
        memory = self.engines[number].memory
        while self.resident and self.held + memory > BUDGET:
            gone, _ = self.resident.popitem(last=False)
            self.held -= self.engines[gone].memory
        self.resident[number] = None
        self.held += memory
        speed = PARKED_BYTES_A_SECOND if number in self._offloaded else DISK_BYTES_A_SECOND
        self._offloaded.add(number)
        return memory / speed
