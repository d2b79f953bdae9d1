"""A queue without workers, for tests of the order in which jobs are taken."""

import asyncio
from datetime import UTC, datetime

import redis
from rq.serializers import JSONSerializer

from likeness.contract.catalogue import load_catalogue
from likeness.contract.jobs import JobOrder, StoredPicture
from likeness.contract.scheduling import Priority
from likeness.contract.tasks import Recreate
from likeness.queue import keys
from service.auth.keys import UNLIMITED, KeyLimits
from service.queue.jobs import JobQueue
from tests.service.conftest import Stack
from tests.worker.drill import CATALOGUE
from worker.queue.job import LikenessQueue
from worker.queue.scripts import MATES

SPEC = load_catalogue(CATALOGUE).choose(Recreate())
QUEUE = keys.queue_name(SPEC.pool, Priority.INTERACTIVE)


class Waiting:
    """A queue without workers: jobs are accepted as the service does and taken as a worker does."""

    def __init__(self, stack: Stack) -> None:
        socket = stack.server.socket
        self.redis = redis.Redis(unix_socket_path=str(socket), db=3)
        self.queue = JobQueue.connect(f"unix://{socket}?db=3", max_queued=1000, lifetime=60, share=900)
        self.rq = LikenessQueue(QUEUE, connection=self.redis, serializer=JSONSerializer)
        self.loop = asyncio.new_event_loop()
        self.owners: dict[str, str] = {}

    def clear(self) -> None:
        self.redis.flushdb()
        self.owners = {}

    def accept(self, owner: str, limits: KeyLimits = UNLIMITED, batch_key: str = "drill:", **task: object) -> str:
        job_id = f"{len(self.owners) + 1:012x}" + "0" * 20
        order = JobOrder(
            id=job_id,
            owner=owner,
            engine=SPEC.name,
            task=Recreate(**task),
            input=StoredPicture(key="picture", sha256="0" * 64, media_type="image/png", size=1),
            created_at=datetime.now(UTC),
            batch_key=batch_key,
            timeout=9,
        )
        self.owners[job_id] = owner
        self.loop.run_until_complete(self.queue.accept(order, SPEC, None, limits))
        return job_id

    def take(self) -> str | None:
        taken = LikenessQueue.dequeue_any([self.rq], None, self.redis)
        return taken[0].id if taken else None

    def mates(self, batch_key: str = "drill:") -> list[str]:
        found = self.redis.eval(MATES, 1, self.rq.key, batch_key, 9, 64, keys.RETRIES)
        return [job_id.decode() for job_id in found]

    def start(self, job_id: str) -> None:
        with self.redis.pipeline() as pipeline:
            pipeline.lrem(self.rq.intermediate_queue_key, 1, job_id)
            pipeline.hset(keys.JOB_KEY.format(id=job_id), "status", "started")
            pipeline.execute()

    def hand_back(self, job_id: str) -> None:
        with self.redis.pipeline() as pipeline:
            pipeline.lrem(self.rq.intermediate_queue_key, 1, job_id)
            pipeline.hset(keys.JOB_KEY.format(id=job_id), "status", "queued")
            self.rq.push_job_id(job_id, pipeline=pipeline, at_front=True)
            pipeline.execute()

    def do(self, call: str, job_id: str) -> None:
        self.loop.run_until_complete(getattr(self.queue, call)(job_id, self.owners[job_id]))

    def listed(self) -> list[str]:
        return [job_id.decode() for job_id in self.redis.lrange(self.rq.key, 0, -1)]

    def held(self, owner: str) -> list[str]:
        key = keys.THROTTLED_KEY.format(queue=QUEUE, owner=owner)
        return [job_id.decode() for job_id in self.redis.zrange(key, 0, -1)]

    def running(self, owner: str) -> list[str]:
        return [
            job_id
            for job_id, whose in self.owners.items()
            if whose == owner
            and (
                self.redis.hget(keys.JOB_KEY.format(id=job_id), "status") == b"started"
                or self.redis.lpos(self.rq.intermediate_queue_key, job_id) is not None
            )
        ]

    def check(self) -> None:
        """The list is in the order of rounds, and what is kept of each owner is what waits."""
        listed = self.listed()
        rounds = [int(self.redis.hget(keys.JOB_KEY.format(id=job_id), keys.FIELD_VIRTUAL_START)) for job_id in listed]
        assert rounds == sorted(rounds)
        for owner in set(self.owners.values()):
            key = keys.WAITING_KEY.format(queue=QUEUE, owner=owner)
            kept = {job_id.decode(): score for job_id, score in self.redis.zrange(key, 0, -1, withscores=True)}
            mine = {job_id: turn for job_id, turn in zip(listed, rounds, strict=True) if self.owners[job_id] == owner}
            assert kept == mine
            assert not set(mine) & set(self.held(owner))
        known = [self.redis.hget(keys.JOB_KEY.format(id=job_id), "status") for job_id in self.owners]
        taken = self.redis.llen(self.rq.intermediate_queue_key)
        held = sum(len(self.held(owner)) for owner in set(self.owners.values()))
        assert len(listed) + held + taken == known.count(b"queued"), "no job is lost and none is there twice"


def eligible(waiting: Waiting, name: str) -> list[str]:
    running = [job_id for owner in ("ant", "bee", "cat") for job_id in waiting.running(owner)]
    if name in ("start", "end", "hand_back"):
        return running
    held = [job_id for owner in ("ant", "bee", "cat") for job_id in waiting.held(owner)]
    return waiting.listed() + held


def act(waiting: Waiting, name: str, job_id: str) -> None:
    if name == "start":
        waiting.start(job_id)
    elif name == "hand_back":
        waiting.hand_back(job_id)
    elif name == "end":
        waiting.start(job_id)
        waiting.redis.hset(keys.JOB_KEY.format(id=job_id), "status", "finished")
    else:
        waiting.do(name, job_id)


def drain(waiting: Waiting) -> None:
    """Take and end everything: nothing may be left held back."""
    for job_id in eligible(waiting, "end"):
        act(waiting, "end", job_id)
    while (job_id := waiting.take()) is not None:
        act(waiting, "end", job_id)
    assert not eligible(waiting, "cancel")
