"""Delivering by the real process beside real workers: ends of every kind, and a deliverer killed in mid-delivery."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from rq.serializers import JSONSerializer

from likeness.queue import keys
from service.config import Settings
from tests.conftest import Server
from tests.service.conftest import Live, Stack, serving
from tests.service.webhooks.conftest import PATIENCE, SECRET, Receiver, cancelled, hand_in, process, told
from tests.worker.drill import Drill
from worker.observability.telemetry import Telemetry
from worker.queue.job import LikenessQueue
from worker.queue.recovery import recover

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def worked(stack: Stack, live: Live, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The service with a worker, now also with the process that delivers, at most two seconds for a try."""
    settings = stack.settings(0, webhook_private=True, webhook_secret=SECRET, webhook_seconds=2, webhook_retries=[60])
    with process(settings, tmp_path_factory.mktemp("logs") / "webhooks.log"), serving(settings) as hooked:
        yield hooked


def test_a_success_tells_the_job_with_its_report_and_links(worked: Live, receiver: Receiver) -> None:
    job_id = hand_in(worked.http, receiver.url, seed="7")
    event_id, event, asked = receiver.next()
    assert (event_id, event["type"], event["left_out"]) == (f"msg_{job_id}", "job.succeeded", [])
    job = worked.http.get(f"/jobs/{job_id}").json()
    assert event["data"] == {name: value for name, value in job.items() if name not in ("webhook", "review", "reviews")}
    assert event["data"]["result"]["images"][0]["report"]["verdict"] in ("accepted", "rejected")
    assert len(asked.body) < 20_000
    assert receiver.url not in str(event) and "webhook" not in str(job["result"])
    told(worked.http, job_id, "delivered")


def test_a_failure_and_a_cancellation_while_running(worked: Live, receiver: Receiver) -> None:
    failing = hand_in(worked.http, receiver.url, prompt="raise")
    _, event, _ = receiver.next()
    assert (event["type"], event["data"]["id"]) == ("job.failed", failing)
    assert event["data"]["error"]["code"] == "engine_failed"
    running = hand_in(worked.http, receiver.url, steps="1000", strength="1")
    limit = time.monotonic() + PATIENCE
    while worked.http.get(f"/jobs/{running}").json()["status"] != "running":
        assert time.monotonic() < limit
        time.sleep(0.02)
    worked.http.post(f"/jobs/{running}/cancel")
    _, event, _ = receiver.next()
    assert (event["type"], event["data"]["id"]) == ("job.cancelled", running)


def test_a_job_that_took_its_worker_down_is_told(server: Server, tmp_path: Path, receiver: Receiver) -> None:
    drill = Drill(server.url, tmp_path)
    values = {"redis_url": server.url, "store_url": drill.store_url, "catalogue": drill.catalogue_file}
    settings = Settings(**values, webhook_private=True, webhook_secret=SECRET)
    try:
        with serving(settings) as live, process(settings, tmp_path / "webhooks.log"):
            worker = drill.worker()
            with redis.Redis.from_url(server.url) as client:
                job_id = hand_in(live.http, receiver.url, prompt="kill", steps="40")
                client.hset(keys.JOB_KEY.format(id=job_id), "retries_left", 0)
                worker.wait(PATIENCE)
                drill.lapse(worker)
                queue = LikenessQueue("drill-interactive", connection=client, serializer=JSONSerializer)
                recover(queue, "tests", Telemetry())
            _, event, _ = receiver.next()
            assert (event["type"], event["data"]["error"]["code"]) == ("job.failed", "worker_died")
            told(live.http, job_id, "delivered")
    finally:
        drill.stop()


def test_a_deliverer_killed_in_mid_delivery_leaves_it_to_another(
    hooked: Live, receiver: Receiver, tmp_path: Path
) -> None:
    """The receiver had it already, so it gets it twice, and knows it by its id."""
    settings = hooked.app.state.services.settings.model_copy(update={"webhook_seconds": 1.5})
    receiver.hold = threading.Event()
    remembered: list[str] = []
    with process(settings, tmp_path / "first.log") as first:
        job_id = cancelled(hooked, receiver.url)
        remembered.append(receiver.next()[0])
        first.kill()
        first.wait()
    assert told(hooked.http, job_id, "pending")["deliveries"] == []
    receiver.hold.set()
    with process(settings, tmp_path / "second.log"), process(settings, tmp_path / "third.log"):
        told(hooked.http, job_id, "delivered")
        again, _, _ = receiver.next()
    assert remembered == [again] == [f"msg_{job_id}"]
    assert receiver.got.empty(), "only one of the two others delivered it"
    said = "".join(path.read_text() for path in tmp_path.glob("*.log"))
    assert receiver.url not in said and "s3cret" not in said and SECRET not in said
    assert "LIKENESS_WEBHOOK_PRIVATE is on" in said
