"""What Prometheus reads of service and worker, after real jobs."""

import shutil
import subprocess

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.observability.conftest import Observed
from tests.service.webhooks.conftest import Receiver
from tests.support import stub

pytestmark = pytest.mark.processes


def test_what_a_worker_counts(observed: Observed) -> None:
    before = observed.scrape("worker")
    jobs = [
        observed.post(engine="drill", steps="4", candidates="2", keep="all"),
        observed.post(engine="drill", thresholds='{"psnr": 99}'),
        observed.post(engine="drill", prompt="raise"),
        observed.post(engine="drill", prompt="memory-alone", size=(56, 40)),  # of a size that no run was short for
    ]
    made = [job["result"] for job in jobs if job["status"] == "succeeded"]
    reports = [image["report"] for result in made for image in result["images"]]
    after = observed.scrape("worker")

    def more(name: str, **labels: str) -> float:
        name = f"likeness_{name}"
        return after.value(name, engine="drill", **labels) - before.value(name, engine="drill", **labels)

    waits = "likeness_job_wait_seconds_count"
    queue = {"queue": "drill-interactive"}
    assert after.value(waits, **queue) - before.value(waits, **queue) == 4
    assert more("run_jobs_bucket", le="1.0") == 4
    assert more("batch_pictures_bucket", le="2.0") - more("batch_pictures_bucket", le="1.0") == 1
    assert more("step_seconds_count") == 4 + 1 + 1
    assert 0.05 <= more("step_seconds_sum") / 6 < 5
    assert more("stage_seconds_count", stage="denoising") == 6
    denoising = sum(result["timings"]["denoising"] for result in made)
    assert more("stage_seconds_sum", stage="denoising") == pytest.approx(denoising, rel=1e-6)
    for verdict in ("accepted", "rejected", "not_judged"):
        assert more("candidates_total", verdict=verdict) == sum(one["verdict"] == verdict for one in reports)
        best = [result["images"][0]["report"]["verdict"] for result in made]
        assert more("worker_jobs_total", status="succeeded", code=verdict) == best.count(verdict)
    assert more("candidate_ssim_ratio_count") == len(reports) == 4
    assert more("candidate_ssim_ratio_sum") == pytest.approx(sum(map(ssim, reports)))
    assert more("worker_jobs_total", status="failed", code="engine_failed") == 1
    assert more("out_of_memory_total") == len(made[-1]["degradations"]) >= 2
    assert more("degradations_total", measure="VAE tiling") == 1
    assert after.value("likeness_engine_resident", engine="drill") == 1
    assert after.value("likeness_memory_budget_bytes") > 10**8


def ssim(report: dict) -> float:
    return next(score["value"] for score in report["fidelity"] if score["name"] == "ssim")


def test_what_a_worker_holds_in_memory(observed: Observed) -> None:
    observed.post(engine="starter")
    scrape = observed.scrape("worker")
    assert scrape.value("likeness_engine_resident", engine="starter") == 1
    assert scrape.value("likeness_engine_moves_total", engine="starter", move="loaded") == 1
    assert 10**5 < scrape.value("likeness_memory_engines_bytes") < 10**9
    assert scrape.value("process_resident_memory_bytes") > 10**8


def test_how_queues_and_workers_stand(observed: Observed) -> None:
    slow = observed.hand_in(engine="drill", strength="1", steps="4")
    observed.until_running(slow)
    waiting = observed.hand_in(engine="drill", priority="batch", seed="1")
    busy = observed.scrape("service")
    for job in (slow, waiting):
        observed.ended(job)
    idle = observed.scrape("service")
    assert busy.value("likeness_jobs_running", queue="drill-interactive") == 1
    assert busy.value("likeness_queue_depth", queue="drill-batch") == 1
    assert 0 < busy.value("likeness_queue_head_age_seconds", queue="drill-batch") < 60
    assert idle.value("likeness_jobs_running") == idle.value("likeness_queue_depth") == 0
    assert idle.value("likeness_queue_head_age_seconds") == idle.value("likeness_jobs_lapsed") == 0
    assert idle.value("likeness_workers") == 1
    assert idle.value("likeness_queue_workers", queue="drill-batch") == 1
    assert idle.value("likeness_engine_residents", engine="drill") == 1
    for dependency in ("redis", "store"):
        assert idle.value("likeness_dependency_up", dependency=dependency) == 1
        assert 0 < idle.value("likeness_dependency_seconds", dependency=dependency) < 3
    assert idle.value("likeness_store_free_bytes") > 0


def test_how_jobs_ended_is_counted_once_and_outlives_every_process(observed: Observed) -> None:
    before = observed.scrape("service")
    observed.post(engine="drill", prompt="memory-never")
    slow = observed.hand_in(engine="drill", strength="1", steps="4")
    observed.until_running(slow)
    queued = observed.hand_in(engine="drill", seed="2")
    for job in (queued, slow):
        observed.http.post(f"/jobs/{job}/cancel")
        observed.ended(job)
    after = observed.scrape("service")

    def more(**labels: str) -> float:
        name = "likeness_jobs_ended_total"
        return after.value(name, engine="drill", **labels) - before.value(name, engine="drill", **labels)

    assert more(status="failed", code="out_of_memory") == 1
    assert more(status="cancelled", code="") == 2, "one while it waited, one while it ran"
    assert more() == 3


def test_deliveries_of_webhooks_are_counted_by_outcome(observed: Observed) -> None:
    tries = lambda outcome: observed.scrape("service").value(  # noqa: E731
        "likeness_webhook_deliveries_total", outcome=outcome
    )
    before = {outcome: tries(outcome) for outcome in ("delivered", "failed")}
    assert {"given_up", "disabled"} <= outcomes(observed), "told also before the first"
    with stub.running() as server:
        observed.post(engine="drill", webhook=Receiver(server).url)
        observed.until(lambda: tries("delivered") == before["delivered"] + 1)
    observed.post(engine="drill", webhook=f"{server.url}/nobody-listens-any-more")
    observed.until(lambda: tries("failed") == before["failed"] + 1)


def outcomes(observed: Observed) -> set[str]:
    families = text_string_to_metric_families(observed.scrape("service").text)
    told = next(family for family in families if family.name == "likeness_webhook_deliveries")
    return {sample.labels["outcome"] for sample in told.samples}


@pytest.mark.parametrize("program", ["service", "worker"])
def test_prometheus_has_nothing_to_say_about_the_metrics(observed: Observed, program: str) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    text = observed.scrape(program).text
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    said = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("process_")]
    assert not said
