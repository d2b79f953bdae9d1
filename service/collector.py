"""How things stand when Prometheus asks: queues, workers, Redis, the store. Read again for every scrape."""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from likeness.contract.errors import LikenessError
from likeness.contract.residency import Residency
from likeness.queue import keys
from service.queue.batch import BatchFigures
from service.queue.figures import Figures
from service.state import Services

ANSWER_SECONDS: Final = 3.0
"""What has not answered by then is away."""

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Snapshot(Collector):
    """How things stand at one moment. What could not be read is left out, and its `up` is 0."""

    engines: tuple[str, ...]
    seconds: Mapping[str, float | None]
    """How long Redis and the store took to answer; None is no answer."""
    store_free: int | None
    """Bytes free where the images lie, where that is a folder."""
    figures: Figures | None
    workers: tuple[Residency, ...]
    batches: BatchFigures | None = None

    def collect(self) -> Iterator[Metric]:
        """Yield it as metrics."""
        up = GaugeMetricFamily("likeness_dependency_up", "Whether it answers", labels=["dependency"])
        took = GaugeMetricFamily("likeness_dependency_seconds", "How long it took to answer", labels=["dependency"])
        for name, seconds in self.seconds.items():
            up.add_metric([name], seconds is not None)
            if seconds is not None:
                took.add_metric([name], seconds)
        yield from (up, took)
        if self.store_free is not None:
            yield GaugeMetricFamily("likeness_store_free_bytes", "Free bytes for images", self.store_free)
        if self.figures is not None:
            yield from self._queues(self.figures)
            yield from _counts(self.figures)
        if self.batches is not None:
            yield from _batches(self.batches)

    def _queues(self, figures: Figures) -> Iterator[Metric]:
        depth = GaugeMetricFamily("likeness_queue_depth", "Jobs waiting", labels=["queue"])
        age = GaugeMetricFamily("likeness_queue_head_age_seconds", "Age of the queue's head", labels=["queue"])
        running = GaugeMetricFamily("likeness_jobs_running", "Jobs that workers hold", labels=["queue"])
        lapsed = GaugeMetricFamily("likeness_jobs_lapsed", "Jobs whose worker fell silent", labels=["queue"])
        workers = GaugeMetricFamily("likeness_queue_workers", "Living workers that serve the queue", labels=["queue"])
        for name, queue in figures.queues.items():
            depth.add_metric([name], queue.waiting)
            age.add_metric([name], queue.head_age)
            running.add_metric([name], queue.running)
            lapsed.add_metric([name], queue.lapsed)
            workers.add_metric([name], sum(name in keys.queue_names(worker.pools) for worker in self.workers))
        residents = GaugeMetricFamily("likeness_engine_residents", "Workers that hold an engine", labels=["engine"])
        for engine in self.engines:
            residents.add_metric([engine], sum(engine in worker.engines for worker in self.workers))
        alive = GaugeMetricFamily("likeness_workers", "Living workers", len(self.workers))
        yield from (depth, age, running, lapsed, workers, residents, alive)


def _counts(figures: Figures) -> Iterator[Metric]:
    ended = CounterMetricFamily("likeness_jobs_ended", "Jobs that ended", labels=["engine", "status", "code"])
    for labels, count in figures.ended.items():
        ended.add_metric(labels, count)
    told = CounterMetricFamily("likeness_webhook_deliveries", "Webhook deliveries tried", labels=["outcome"])
    for outcome in sorted({*keys.WEBHOOK_OUTCOMES, *figures.deliveries}):
        told.add_metric([outcome], figures.deliveries.get(outcome, 0))
    late = "Seconds that the webhook to look at next is late"
    yield from (ended, told, GaugeMetricFamily("likeness_webhook_overdue_seconds", late, figures.overdue))


def _batches(batches: BatchFigures) -> Iterator[Metric]:
    jobs = GaugeMetricFamily("likeness_batch_jobs", "Jobs of batches that have not ended", labels=["standing"])
    jobs.add_metric(["waiting"], batches.waiting)
    jobs.add_metric(["queued"], batches.queued)
    yield GaugeMetricFamily("likeness_batches_open", "Batches that have not ended", batches.open)
    yield jobs
    yield GaugeMetricFamily("likeness_feeder_leads", "Whether a feeder leads", batches.led)


async def snapshot_of(services: Services) -> Snapshot:
    """Return how things stand now, within ANSWER_SECONDS."""
    catalogue = services.catalogue
    (read, redis_seconds), (_, store_seconds) = await asyncio.gather(
        _timed(_read(services)), _timed(services.store.ping())
    )
    figures, workers, batches = read or (None, (), None)
    return Snapshot(
        engines=tuple(spec.name for spec in catalogue.engines),
        seconds={"redis": redis_seconds, "store": store_seconds},
        store_free=_free(services.settings.store_url),
        figures=figures,
        workers=workers,
        batches=batches,
    )


async def _read(services: Services) -> tuple[Figures, tuple[Residency, ...], BatchFigures]:
    figures = await services.queue.figures(keys.queue_names(list(services.catalogue.pools)))
    return figures, tuple(await services.queue.residency()), await services.batches.figures()


async def _timed(asked: Awaitable[Answer]) -> tuple[Answer | None, float | None]:
    """Return an answer and the seconds it took, or twice None."""
    began = time.perf_counter()
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            answer = await asked
    except (LikenessError, TimeoutError):
        return None, None
    return answer, time.perf_counter() - began


def _free(store_url: str) -> int | None:
    if not store_url.startswith("file://"):
        return None
    try:
        return shutil.disk_usage(store_url.removeprefix("file://")).free
    except OSError:
        return None
