"""The simulation's rules against the scripts that they stand for, on a real Valkey."""

import random
from pathlib import Path

import pytest
import redis

from benchmarks.fleet.queues import INTERACTIVE, Job, Queue, take
from benchmarks.fleet.rehearsal import ENGINES, catalogue
from likeness.queue import keys
from tests.conftest import Server
from tests.worker.drill import Drill
from worker.queue.scripts import LOOK_AHEAD, MATES, TAKE

pytestmark = pytest.mark.processes
LONG = 10**9
"""Milliseconds that a job is left to others: for ever."""


@pytest.mark.parametrize("seed", range(3))
def test_jobs_are_taken_in_the_same_order_with_the_same_mates(server: Server, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    drill = Drill(server.url, tmp_path, catalogue(tmp_path))
    tiers = ([Queue()], [Queue()])
    ids: dict[Job, str] = {}
    for _ in range(70):
        job = Job(
            0.0, chance.randrange(2), chance.randrange(3), chance.choice([0, 0, 0, 1, 2]), int(chance.random() < 0.3)
        )
        tiers[job.tier][0].add(job)
        fields = {"engine": ENGINES[job.engine], "prompt": f"setting {job.setting}"}
        priority = "interactive" if job.tier == INTERACTIVE else "batch"
        ids[job] = drill.submit(owner=f"caller-{job.caller}", priority=priority, **fields)
    with redis.Redis.from_url(server.url) as client:
        queues = keys.queue_names(["drill"])
        redis_keys = [f"rq:queue:{name}" for name in queues] + [keys.WAKE_UP_KEY.format(queue=name) for name in queues]
        while any(queue.jobs for tier in tiers for queue in tier):
            others = [chance.choice(ENGINES)] if chance.random() < 0.5 else []
            taken = client.eval(TAKE, len(redis_keys), *redis_keys, LOOK_AHEAD, LONG, -1, *others)
            job = take(tiers, lambda one, others=others: ENGINES[one.engine] in others, now=0.0)
            assert (taken[1].decode() if isinstance(taken, list) else None) == (ids[job] if job else None)
            if job is not None:
                mates = tiers[job.tier][0].mates(job, 3)
                key = client.hget(f"rq:job:{ids[job]}", keys.FIELD_BATCH_KEY)
                found = client.eval(MATES, 1, redis_keys[job.tier], key, 3, LOOK_AHEAD, keys.RETRIES)
                assert [one.decode() for one in found] == [ids[mate] for mate in reversed(mates)]
