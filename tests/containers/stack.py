"""The whole of it by docker-compose.yml and docker-compose.cpu.yml, as a project of its own on a free port."""

import json
import os
import secrets
import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from likeness.local.valkey import free_port
from tests.containers.engine import Engine
from tests.support.places import ROOT

START_SECONDS = 180
PROJECT = "likeness-test"


class ComposeStack:
    """A project of compose; `key` is the API key that was made in it."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine, self.port = engine, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.password = secrets.token_hex(16)
        override = folder / "override.yml"
        override.write_text(f'services: {{service: {{ports: !override ["127.0.0.1:{self.port}:8000"]}}}}\n', "utf-8")
        files = (ROOT / "docker-compose.yml", ROOT / "docker-compose.cpu.yml", override)
        self._command = [
            "compose",
            "--project-name",
            PROJECT,
            *(part for file in files for part in ("--file", str(file))),
        ]
        self._settings = {"VALKEY_PASSWORD": self.password, "TORCH_INDEX": "none", "LIKENESS_WORKERS": "2"}
        self.key = ""

    def compose(self, *command: str, seconds: float = 300) -> str:
        """Run `docker compose COMMAND`."""
        return self.engine.run(*self._command, *command, settings=self._settings, seconds=seconds)

    def up(self) -> None:
        """Start everything, two workers and two webhook senders among them."""
        self.compose("up", "--detach", "--no-build", "--scale", "worker=2", "--scale", "webhooks=2")
        self.ready()

    def ready(self) -> None:
        """Wait until workers hold every default engine."""
        until(lambda: self._get("/readyz") == httpx.codes.OK, START_SECONDS, self.logs)

    def _get(self, path: str) -> int:
        try:
            return httpx.get(self.url + path, timeout=10, trust_env=False).status_code
        except httpx.TransportError:
            return 0

    def make_key(self) -> None:
        """Make an API key, as the head of docker-compose.yml says."""
        said = self.compose("run", "--rm", "--no-deps", "service", "likeness", "keys", "create", "shop")
        self.key = next(word for word in said.split() if len(word) > 30)

    def client(self) -> httpx.Client:
        """Return a client that sends the key."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False)

    def submit(self, count: int, **fields: str) -> list[str]:
        """Hand in jobs, each until it is answered for, and return their ids."""
        picture = (ROOT / "examples" / "cutout-soft-alpha.png").read_bytes()
        found: list[str] = []
        with self.client() as http:
            for number in range(count):
                headers = {"Idempotency-Key": f"{number} {secrets.token_hex(4)}"}

                def accepted(headers: dict[str, str] = headers) -> bool:
                    try:
                        files = {"image": ("a.png", picture)}
                        answer = http.post("/customise", headers=headers, files=files, data=fields)
                    except httpx.TransportError:
                        return False
                    if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                        return False
                    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
                    found.append(answer.json()["id"])
                    return True

                until(accepted, START_SECONDS, self.logs)
        return found

    def ended(self, jobs: list[str], seconds: float = 240) -> dict[str, dict]:
        """Wait for the end of jobs and return them."""
        found: dict[str, dict] = {}

        def all_ended() -> bool:
            with self.client() as http:
                for job in [one for one in jobs if one not in found]:
                    try:
                        answer = http.get(f"/jobs/{job}", params={"wait": 5})
                    except httpx.TransportError:
                        return False
                    if answer.is_success and answer.json()["status"] in ("succeeded", "failed", "cancelled"):
                        found[job] = answer.json()
                    else:
                        assert answer.status_code != httpx.codes.NOT_FOUND, f"{job} is lost"
            return len(found) == len(jobs)

        until(all_ended, seconds, self.logs)
        return found

    def containers(self) -> dict[str, str]:
        """Return the names of the running containers with the service of each."""
        lines = self.compose("ps", "--format", "json").splitlines()
        told = [json.loads(line) for line in lines if line.startswith("{")]
        return {one["Name"]: one["Service"] for one in told if one["State"] == "running"}

    def kill(self, container: str) -> None:
        """Kill what a container runs, as the system does that is out of memory; the engine is not asked."""
        before = self.engine.inspect(container, "{{.State.Pid}}")
        os.kill(int(before), signal.SIGKILL)
        until(lambda: self.engine.inspect(container, "{{.State.Pid}}") not in ("0", before), 60, self.logs)

    def logs(self) -> str:
        """Return what all containers wrote."""
        return self.compose("logs", "--no-color")

    def down(self) -> None:
        """Remove everything, volumes too."""
        self.compose("down", "--volumes", "--timeout", "5")


def until(true: Callable[[], bool], seconds: float, otherwise: Callable[[], str]) -> None:
    """Wait until it is so; when that takes too long, fail with the end of what is told otherwise."""
    limit = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < limit, otherwise()[-6000:]
        time.sleep(0.3)
