"""What a worker holds in memory, as Prometheus asks for it."""

import sys
from collections.abc import Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from worker.residency.engines import BROUGHT_BACK, LOADED, OFFLOADED, OUT_OF_MEMORY, UNLOADED, Residents

MOVES = (LOADED, UNLOADED, OFFLOADED, BROUGHT_BACK)


class MemoryFigures(Collector):
    """Reads a worker's residents anew at every scrape."""

    def __init__(self, residents: Residents, engines: Sequence[str]) -> None:
        self._residents, self._engines = residents, engines

    def collect(self) -> Iterator[Metric]:
        """Yield which engines are resident, what came and went, and the bytes of memory."""
        resident = GaugeMetricFamily("likeness_engine_resident", "Whether the engine is in memory", labels=["engine"])
        for name in self._residents.names():
            resident.add_metric([name], 1)
        yield resident
        moves = CounterMetricFamily("likeness_engine_moves", "Engines brought and taken", labels=["engine", "move"])
        short = CounterMetricFamily("likeness_out_of_memory", "Calls that ran out of memory", labels=["engine"])
        tally = self._residents.tally.copy()
        for name in self._engines:
            short.add_metric([name], tally[name, OUT_OF_MEMORY])
            for move in MOVES:
                moves.add_metric([name, move], tally[name, move])
        yield from (moves, short)
        yield GaugeMetricFamily("likeness_memory_engines_bytes", "What resident engines take", self._residents.held)
        yield GaugeMetricFamily("likeness_memory_budget_bytes", "What they may take", self._residents.budget)
        yield from _device(self._residents.device)


def _device(device: str) -> Iterator[Metric]:
    """Yield what torch holds of a GPU; nothing on a CPU, or before torch is used."""
    torch = sys.modules.get("torch")
    if torch is None or not device.startswith("cuda"):
        return
    found = GaugeMetricFamily("likeness_memory_device_bytes", "What torch holds of the GPU", labels=["state"])
    found.add_metric(["allocated"], torch.cuda.memory_allocated(device))
    found.add_metric(["reserved"], torch.cuda.memory_reserved(device))
    yield found
