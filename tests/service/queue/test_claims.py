"""An idempotency key is one request's until it is done, however slow that is; and what is sent twice is done once."""

from collections.abc import Callable

import pytest
import redis

from likeness.contract.errors import IdempotencyPending
from likeness.contract.usage import DayUsage
from likeness.queue import keys
from service.queue.admission import Claim
from service.queue.jobs import JobQueue
from tests.conftest import Server
from tests.service.conftest import Live, png
from tests.service.http.test_bad_input import assert_problem
from tests.support.lossy import lossy
from tests.worker.conftest import drill as drill
from tests.worker.drill import OWNER, Drill

ACCEPTING = b"bounds and lifetimes as JSON"
"""Stands in the script that accepts a job, and in no other."""
CLAIMING = b"token of the claim"


def test_a_request_whose_claim_lapsed_while_it_stored_makes_no_second_job(drill: Drill) -> None:
    slow, quick = Claim("order-7", "print"), Claim("order-7", "print")

    async def both(queue: JobQueue) -> list[DayUsage]:
        assert await queue.claim(OWNER, slow) is None
        await queue._redis.delete(keys.IDEMPOTENCY_KEY.format(owner=OWNER, key="order-7"))  # as its expiry does
        assert await queue.claim(OWNER, quick) is None
        late, spec = drill.order()
        with pytest.raises(IdempotencyPending):
            await queue.accept(late, spec, slow)
        await queue.release(OWNER, slow)
        with pytest.raises(IdempotencyPending):  # the key is still the quick one's
            await queue.claim(OWNER, Claim("order-7", "print"))
        order, spec = drill.order()
        await queue.accept(order, spec, quick)
        assert await queue.claim(OWNER, Claim("order-7", "print")) == order.id
        await queue.release(OWNER, quick)
        assert await queue.claim(OWNER, Claim("order-7", "print")) == order.id, "it is the job's now"
        return await queue.usage(OWNER, 1)

    assert drill.call(both)[0].accepted == 1


def test_a_claim_that_lapsed_and_that_nobody_took_still_stands_for_its_job(drill: Drill) -> None:
    claim = Claim("order-8", "print")

    async def lapsed(queue: JobQueue) -> None:
        assert await queue.claim(OWNER, claim) is None
        await queue._redis.delete(keys.IDEMPOTENCY_KEY.format(owner=OWNER, key="order-8"))
        order, spec = drill.order()
        await queue.accept(order, spec, claim)
        assert await queue.claim(OWNER, Claim("order-8", "print")) == order.id

    drill.call(lapsed)


@pytest.mark.parametrize("lost", [ACCEPTING, CLAIMING])
def test_a_job_whose_acceptance_is_repeated_because_the_answer_got_lost_is_one(
    serve: Callable[..., Live], server: Server, lost: bytes
) -> None:
    with lossy(str(server.socket)) as proxy:
        live = serve(redis_url=proxy.url)
        proxy.lose = lost
        answer = live.http.post("/recreate", files={"image": ("a.png", png())}, headers={"Idempotency-Key": "order-9"})
        assert proxy.lost == 1
        assert answer.status_code == 202, answer.text
        assert [job["id"] for job in live.http.get("/jobs").json()["jobs"]] == [answer.json()["id"]]
        assert live.http.get("/usage").json()["days"][0]["accepted"] == 1
    with redis.Redis.from_url(server.url) as client:
        assert client.llen("rq:queue:drill-interactive") == 1
        assert client.xlen(keys.EVENTS_KEY.format(id=answer.json()["id"])) == 1


def test_a_job_cancelled_twice_because_the_answer_got_lost_counts_once(
    serve: Callable[..., Live], server: Server
) -> None:
    with lossy(str(server.socket)) as proxy:
        live = serve(redis_url=proxy.url)
        job = live.http.post("/recreate", files={"image": ("a.png", png())}).json()
        proxy.lose = b"cancelled event"
        answer = live.http.post(job["links"]["cancel"])
        assert proxy.lost == 1 and answer.json()["status"] == "cancelled"
        assert 'likeness_jobs_ended_total{code="",engine="drill",status="cancelled"} 1.0' in (
            live.http.get("/metrics").text
        )


def test_what_redis_refuses_leaves_no_image(serve: Callable[..., Live], server: Server) -> None:
    live = serve(redis_url=server.url)
    with redis.Redis.from_url(server.url) as client:
        client.config_set("maxmemory", 1)
        answer = live.http.post("/recreate", files={"image": ("a.png", png())})
        assert_problem(answer, 503, "queue_unavailable")
        assert not live.pictures()
        client.config_set("maxmemory", 0)
        assert live.http.post("/recreate", files={"image": ("a.png", png())}).status_code == 202
