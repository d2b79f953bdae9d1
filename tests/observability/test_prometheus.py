"""A real Prometheus, with our configuration and rules, reads the running service and its worker."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import yaml

from likeness.local.valkey import free_port
from tests.deploy.test_prometheus import PROMETHEUS, expressions
from tests.observability.conftest import Observed

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def prometheus(observed: Observed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    binary = shutil.which("prometheus")
    if binary is None:
        pytest.skip("prometheus is not installed (Debian: prometheus)")
    folder = tmp_path_factory.mktemp("prometheus")
    shutil.copy(PROMETHEUS / "alerts.yml", folder)
    config = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text("utf-8"))
    service, worker = config["scrape_configs"]
    config["global"] = {"scrape_interval": "500ms", "evaluation_interval": "500ms"}
    del service["authorization"], worker["dns_sd_configs"]
    service["static_configs"] = [{"targets": [observed.http.base_url.netloc.decode()]}]
    worker["static_configs"] = [{"targets": [httpx.URL(observed.worker_url).netloc.decode()]}]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    with running(binary, folder) as client:
        yield client


@contextmanager
def running(binary: str, folder: Path) -> Iterator[httpx.Client]:
    """Run Prometheus while the block does, and give a client for its API."""
    port = free_port()
    options = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    options += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
    process = subprocess.Popen([binary, *options], stdout=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as client:
            until(lambda: ready(client))
            yield client
    finally:
        process.terminate()
        process.wait(30)


def ready(client: httpx.Client) -> bool:
    try:
        return client.get("/-/ready").status_code == 200
    except httpx.TransportError:
        return False


def query(prometheus: httpx.Client, expression: str) -> list[dict]:
    answer = prometheus.get("/api/v1/query", params={"query": expression}).json()
    assert answer["status"] == "success", (expression, answer)
    return answer["data"]["result"]


def until(true, seconds: float = 60) -> None:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if true():
            return
        time.sleep(0.1)
    raise AssertionError(f"still not so after {seconds} s")


def test_it_reads_both_programs_and_answers_every_query_of_the_dashboard(
    observed: Observed, prometheus: httpx.Client
) -> None:
    up = lambda job: query(prometheus, f'up{{job="{job}"}} == 1')  # noqa: E731
    until(lambda: up("likeness-service") and up("likeness-worker"))
    before = len(query(prometheus, "count_over_time(likeness_workers[1m]) > 0"))
    ended, steps = 'likeness_jobs_ended_total{engine="drill", status="succeeded"}', "likeness_step_seconds_bucket"
    observed.post(engine="drill", steps="2")
    until(lambda: query(prometheus, ended) and query(prometheus, steps))
    observed.post(engine="drill", steps="2")  # only what grows between two scrapes has a rate
    until(lambda: query(prometheus, f"increase({ended}[1m]) > 0"))
    until(lambda: query(prometheus, f"histogram_quantile(0.5, sum by (le) (rate({steps}[1m]))) > 0"))
    found = {expression: query(prometheus, expression) for expression in expressions()}
    assert before == 1 and sum(bool(rows) for rows in found.values()) > 10
    assert [row["value"][1] for row in query(prometheus, "max(likeness_workers)")] == ["1"]


def test_every_rule_is_evaluated_and_nothing_fires_that_should_not(prometheus: httpx.Client) -> None:
    def rules() -> list[dict]:
        groups = prometheus.get("/api/v1/rules").json()["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    until(lambda: rules() and all(rule["health"] == "ok" for rule in rules()))
    critical = [
        rule["name"] for rule in rules() if rule["state"] == "firing" and rule["labels"]["severity"] == "critical"
    ]
    assert critical == []
