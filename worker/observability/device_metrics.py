"""How busy a worker's device is, as Prometheus asks for it."""

from collections.abc import Iterator
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class Worked(Protocol):
    """What knows when engines worked."""

    busy_seconds: float

    def busy_ratio(self) -> float:
        """Return the share of the last minute in which an engine worked: 0..1."""


class DeviceFigures(Collector):
    """Reads anew at every scrape how busy the device is."""

    def __init__(self, worked: Worked) -> None:
        self._worked = worked

    def collect(self) -> Iterator[Metric]:
        """Yield the share of the last minute in which an engine worked, and the seconds in all."""
        ratio, seconds = self._worked.busy_ratio(), self._worked.busy_seconds
        yield GaugeMetricFamily("likeness_device_busy_ratio", "Share of the last minute that engines worked", ratio)
        yield CounterMetricFamily("likeness_device_busy_seconds", "Seconds that engines worked", seconds)
