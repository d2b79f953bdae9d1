"""The whole thing under observation: service, deliverer and worker, scraped, traced and logging at level debug."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from likeness.local.valkey import free_port
from service.webhooks.secrets import new_secret
from tests.conftest import Server, server_binary
from tests.observability.receiver import Receiver, receiving
from tests.service.conftest import png
from tests.support.places import ROOT
from tests.worker.drill import CATALOGUE, Drill

Labels = dict[str, str]


@dataclass
class Observed:
    """A service and a worker that are observed."""

    http: httpx.Client
    worker_url: str
    receiver: Receiver
    folder: Path

    def post(
        self, path: str = "/recreate", headers: Labels | None = None, size: tuple[int, int] = (64, 48), **fields: str
    ) -> dict:
        """Hand a job in and return it as it ended, once its worker has told of that."""
        files = {"image": ("a.png", png(size))}
        answer = self.http.post(path, files=files, data=fields, headers={"Prefer": "wait=60", **(headers or {})})
        assert answer.status_code == 200, answer.text
        job = answer.json()
        self.until(lambda: self.told_of(job["id"]))
        return job

    def told_of(self, job: str) -> bool:
        """Whether the job's worker has logged its end, the last thing it does."""
        lines = (self.folder / "worker-0.log").read_text("utf-8").splitlines()
        return any('"job ended"' in line and job in line for line in lines)

    def hand_in(self, headers: Labels | None = None, **fields: str) -> str:
        """Hand a job in, and return its id at once."""
        answer = self.http.post("/recreate", files={"image": ("a.png", png((64, 48)))}, data=fields, headers=headers)
        assert answer.status_code == 202, answer.text
        return answer.json()["id"]

    def until_running(self, job: str) -> None:
        """Wait until a worker has the job."""
        with self.http.stream("GET", f"/jobs/{job}/events") as events:
            next(line for line in events.iter_lines() if '"running"' in line)

    def ended(self, job: str) -> dict:
        """Return a job once it has ended."""
        found = self.http.get(f"/jobs/{job}", params={"wait": 60}).json()
        assert found["status"] in ("succeeded", "failed", "cancelled")
        return found

    def until(self, true: Callable[[], bool], seconds: float = 60) -> None:
        """Wait for what is told just after a job's end is recorded: a figure, a line of the log."""
        limit = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < limit, self.logs()[-4000:]
            time.sleep(0.05)

    def scrape(self, program: str) -> "Scrape":
        """Return what Prometheus would read of `service` or `worker`."""
        url = "/metrics" if program == "service" else self.worker_url
        answer = self.http.get(url)
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain")
        return Scrape(answer.text)

    def logs(self) -> str:
        """Return everything that the programs have logged."""
        return "".join(path.read_text("utf-8") for path in sorted(self.folder.glob("*.log")))


@dataclass(frozen=True)
class Scrape:
    """A page of metrics, as Prometheus's own parser reads it."""

    text: str

    @property
    def names(self) -> set[str]:
        return {sample.name for family in text_string_to_metric_families(self.text) for sample in family.samples}

    @property
    def families(self) -> dict[str, str]:
        """Families and their types."""
        return {family.name: family.type for family in text_string_to_metric_families(self.text)}

    def value(self, name: str, **labels: str) -> float:
        """Return the sum of the samples of this name that have these labels; 0 of none."""
        samples = [one for family in text_string_to_metric_families(self.text) for one in family.samples]
        return sum(one.value for one in samples if one.name == name and labels.items() <= one.labels.items())


@pytest.fixture(scope="session")
def observed() -> Iterator[Observed]:
    binary = server_binary()
    if binary is None:
        pytest.skip("no Valkey or Redis server is installed")
    with tempfile.TemporaryDirectory(prefix="lk-") as name, receiving() as receiver:
        folder = Path(name)
        server = Server(binary, folder)
        server.start()
        drill = Drill(server.url, folder, _catalogue(folder))
        port, metrics = free_port(), free_port()
        ours: list[subprocess.Popen[bytes]] = []
        try:
            with pytest.MonkeyPatch.context() as env:  # of these programs alone, not of the session
                for key, value in _settings(receiver).items():
                    env.setenv(key, value)
                ours += [_program(drill, module, LIKENESS_PORT=str(port)) for module in ("service", "service.webhooks")]
                drill.worker(metrics_port=str(metrics), preload="[]")
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=90, trust_env=False) as http:
                drill.until(lambda: _answers(http), 60)
                yield Observed(http, f"http://127.0.0.1:{metrics}/metrics", receiver, folder)
        finally:
            drill.stop()
            for program in ours:
                program.terminate()
                program.wait(30)
            server.kill()


def _settings(receiver: Receiver) -> dict[str, str]:
    """Return what is set for all three programs."""
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "LIKENESS_LOG_LEVEL": "debug",
        "LIKENESS_WEBHOOK_SECRET": new_secret(),
        "LIKENESS_WEBHOOK_PRIVATE": "true",
    }


def _catalogue(folder: Path) -> Path:
    """Return a catalogue of the shipped engines and the drill, which gets time to unload torch's beside it."""
    drill = CATALOGUE.read_text("utf-8").replace('default_for = ["recreate", "generate"]', "default_for = []")
    drill = drill.replace("timeout = 3", "timeout = 60")
    both = folder / "catalogue.toml"
    both.write_text((ROOT / "likeness/contract/catalogue.toml").read_text("utf-8") + drill, "utf-8")
    return both


def _program(drill: Drill, module: str, **more: str) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "LIKENESS_REDIS_URL": drill.redis_url,
        "LIKENESS_STORE_URL": drill.store_url,
        "LIKENESS_CATALOGUE": str(drill.catalogue_file),
        **more,
    }
    with (drill.folder / f"{module}.log").open("wb") as log:
        return subprocess.Popen([sys.executable, "-m", module], env=environment, stdout=log, stderr=log)


def _answers(http: httpx.Client) -> bool:
    try:
        return http.get("/healthz").status_code == 200
    except httpx.TransportError:
        time.sleep(0.05)
        return False
