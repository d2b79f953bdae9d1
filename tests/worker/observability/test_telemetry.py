"""What a worker counts when another one dies, a job is deleted, or its port is taken."""

import socket

import httpx
import pytest
import redis

from likeness.contract.catalogue import load_catalogue
from likeness.contract.errors import NotReady
from likeness.local.valkey import free_port
from likeness.observability.setup import open_tracing
from likeness.queue import keys
from likeness.storage.pictures import PictureStore
from tests.observability.conftest import Scrape
from tests.observability.receiver import receiving
from tests.worker.drill import CATALOGUE, OWNER, Drill
from tests.worker.runs.test_run import nothing_resident, order
from worker.__main__ import telemetry_of
from worker.config import Settings
from worker.observability.telemetry import Telemetry


@pytest.mark.processes
def test_jobs_of_a_lost_worker_and_jobs_that_are_lost_are_counted(drill: Drill) -> None:
    ports = {drill.worker(metrics_port=str(port)): port for port in (free_port(), free_port())}
    job = drill.submit(steps=40)
    drill.until(lambda: drill.status(job) == "running", 30)
    holder = next(one for one in ports if f"-{one.pid}-" in held_by(drill, job))
    url = f"http://127.0.0.1:{next(port for one, port in ports.items() if one is not holder)}/metrics"
    scrape = lambda: Scrape(httpx.get(url, trust_env=False).text)  # noqa: E731
    recovered = {"queue": "drill-interactive", "outcome": "again"}
    assert scrape().value("likeness_jobs_recovered_total", **recovered) == 0
    assert 'outcome="again",queue="drill-interactive"} 0.0' in scrape().text, "told before it rises"

    drill.kill(holder)
    drill.lapse(holder)
    drill.until(lambda: scrape().value("likeness_jobs_recovered_total", **recovered) == 1, 60)
    drill.until(lambda: drill.status(job) == "running", 30)
    drill.call(lambda queue: queue.forget(job, OWNER))
    drill.until(lambda: scrape().value("likeness_claims_lost_total") == 1, 60)


def held_by(drill: Drill, job: str) -> str:
    with redis.Redis.from_url(drill.redis_url) as client:
        return client.hget(keys.JOB_KEY.format(id=job), "worker_name").decode()


def test_a_port_that_is_taken_is_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = Settings(metrics_port=taken.getsockname()[1])
        with pytest.raises(NotReady, match=r"LIKENESS_METRICS_PORT: cannot listen on 127.0.0.1 port \d+: .*in use"):
            telemetry_of(settings, nothing_resident(), load_catalogue(CATALOGUE), ["drill"])


def test_a_run_that_a_worker_leaves_is_told_when_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
        one = order(PictureStore.open("memory://")).model_copy(update={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"})
        telemetry = Telemetry(open_tracing("likeness-worker"))
        telemetry.taken(one, "drill-interactive", one.created_at)
        telemetry.stage("drill", "denoising", [one.id], 0.5, step=1)
        telemetry.close()
        spans = {span.name: span for span in receiver.spans}
    assert set(spans) == {"queued", "run", "denoising"} and {span.trace for span in spans.values()} == {"a" * 32}
    assert spans["run"].parent == "b" * 16 and spans["run"].error
    assert spans["run"].attributes["likeness.status"] == "abandoned"
    assert spans["denoising"].parent == spans["run"].id and spans["denoising"].end <= spans["run"].end
