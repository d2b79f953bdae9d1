"""What the queue's own books say, and what workers say of themselves: the same for every process of the service."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from likeness.contract.residency import Residency
from likeness.queue import keys


@dataclass(frozen=True)
class QueueFigures:
    """How one queue stands."""

    waiting: int
    head_age: float
    """Seconds since the job at its head was accepted; 0 when none waits."""
    running: int
    lapsed: int
    """Running jobs that no worker has renewed its claim on in time."""


@dataclass(frozen=True)
class Figures:
    """How all queues stand, and what was counted since ever."""

    queues: Mapping[str, QueueFigures]
    ended: Mapping[tuple[str, ...], int]
    """Jobs that ended by engine, status and code."""
    deliveries: Mapping[str, int]
    """Webhook deliveries by outcome."""
    overdue: float
    """Seconds that the webhook to look at next is late; 0 when none is."""


async def read_figures(redis: Any, queues: Sequence[str]) -> Figures:  # noqa: ANN401  as service/queue/jobs.py has it
    """Return the metrics of these queues. Raises RedisError."""
    now = time.time()
    async with redis.pipeline(transaction=False) as pipeline:
        for queue in queues:
            pipeline.llen(keys.QUEUE_KEY.format(queue=queue))
            pipeline.lindex(keys.QUEUE_KEY.format(queue=queue), 0)
            pipeline.zcard(f"rq:wip:{queue}")
            pipeline.zcount(f"rq:wip:{queue}", "-inf", now)
        pipeline.hgetall(keys.ENDED_COUNTS_KEY)
        pipeline.hgetall(keys.WEBHOOK_COUNTS_KEY)
        pipeline.zrange(keys.WEBHOOKS_DUE_KEY, 0, 0, withscores=True)
        *found, ended, deliveries, due = await pipeline.execute()
    rows = [found[start : start + 4] for start in range(0, len(found), 4)]
    return Figures(
        {queue: _figures(row, now) for queue, row in zip(queues, rows, strict=True)},
        {tuple(name.decode().split(":", 2)): int(count) for name, count in ended.items()},
        {outcome.decode(): int(count) for outcome, count in deliveries.items()},
        max(0.0, now - due[0][1] / 1000) if due else 0.0,
    )


async def read_residency(redis: Any) -> list[Residency]:  # noqa: ANN401  as above
    """Return what each living worker holds. Raises RedisError."""
    workers = await redis.smembers("rq:workers")
    redis_keys = [keys.RESIDENT_KEY.format(worker=key.decode().removeprefix("rq:worker:")) for key in workers]
    found = await redis.mget(redis_keys) if redis_keys else []
    return [Residency.model_validate_json(value, extra="ignore") for value in found if value is not None]


async def read_installed(redis: Any) -> set[str]:  # noqa: ANN401  as above
    """Return the engines that workers had all models of, lately. Raises RedisError."""
    found = await redis.zrangebyscore(keys.INSTALLED_KEY, time.time() - keys.INSTALLED_SECONDS, "+inf")
    return {name.decode() for name in found}


def _figures(row: Sequence[Any], now: float) -> QueueFigures:
    waiting, head, running, lapsed = row
    age = 0.0 if head is None else max(0.0, now - keys.accepted_at(head.decode()))
    return QueueFigures(waiting, age, running, lapsed)
