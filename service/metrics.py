"""What one process of the service counts, for Prometheus; what is the same for all of them is in `standing`.

One registry per app, so that several apps can live in one process.
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.registry import Collector

from likeness.contract.errors import QueueFull

LATENCIES: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Bounds of the latency histogram, in seconds."""


class Metrics:
    """Counters and histograms of one app."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "likeness_http_requests", "Requests answered", ["method", "route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "likeness_http_seconds", "Seconds until answered", ["route"], registry=self._registry, buckets=LATENCIES
        )
        self._accepted = Counter("likeness_jobs_accepted", "Jobs accepted", ["kind", "engine"], registry=self._registry)
        self._refused = Counter("likeness_jobs_refused", "Jobs rejected", ["code"], registry=self._registry)
        self._refused.labels(QueueFull.code)  # at 0 from the start: a counter that begins at 1 has not risen
        ProcessCollector(registry=self._registry)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def accepted(self, kind: str, engine: str) -> None:
        """Count an accepted job."""
        self._accepted.labels(kind, engine).inc()

    def refused(self, code: str) -> None:
        """Count a job that was not accepted."""
        self._refused.labels(code).inc()

    def page(self, standing: Collector) -> bytes:
        """Return everything in Prometheus's text format, and how things stand with it."""
        return generate_latest(self._registry) + generate_latest(standing)
