"""What is looked after beside jobs that were lost, against a real server."""

import redis
from rq.serializers import JSONSerializer

from likeness.queue import keys
from tests.worker.drill import Drill
from worker.queue.job import LikenessQueue
from worker.queue.recovery import forget_cancelled


def test_a_cancelled_job_that_is_forgotten_leaves_no_entry_in_the_registry(drill: Drill) -> None:
    """RQ keeps them for ever."""
    forgotten, kept = drill.submit(), drill.submit()
    with redis.Redis.from_url(drill.redis_url) as client:
        origin = client.hget(keys.JOB_KEY.format(id=kept), "origin").decode()
        queue = LikenessQueue(origin, connection=client, serializer=JSONSerializer)
        for job_id in (forgotten, kept):
            drill.call(lambda calls, job_id=job_id: calls.cancel(job_id, drill.owners[job_id]))
        client.delete(keys.JOB_KEY.format(id=forgotten))  # as when its lifetime is over
        assert client.zcard(queue.canceled_job_registry.key) == 2
        forget_cancelled(queue)
        assert client.zrange(queue.canceled_job_registry.key, 0, -1) == [kept.encode()]
        client.delete(keys.JOB_KEY.format(id=kept))
        for _ in range(2):
            forget_cancelled(queue)
        assert not client.exists(queue.canceled_job_registry.key)
