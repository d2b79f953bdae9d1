"""A Docker engine: the one that answers, or one of our own, which can be stopped and started again as a machine is."""

import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

WANTED = "LIKENESS_TEST_CONTAINERS"
"""Set by `make test-containers`: an engine of our own is started, and everything is built and run."""
ROOT = Path(os.environ.get("LIKENESS_TEST_ENGINE", Path.home() / ".cache" / "likeness-engine"))
"""Where our own engine keeps its images: the next run finds those that were built."""


class EngineError(Exception):
    """A command of the engine failed; its text is what it said."""


class Engine:
    """A Docker engine; `own` is whether it is ours to stop."""

    def __init__(self, own: bool) -> None:
        self.own = own
        self._process: subprocess.Popen[bytes] | None = None
        self.environment = {**os.environ, "DOCKER_BUILDKIT": "1"}
        if own:
            self.environment["DOCKER_HOST"] = f"unix://{ROOT / 'docker.sock'}"

    def run(
        self, *command: str, seconds: float = 60, settings: Mapping[str, str] | None = None, data: bytes | None = None
    ) -> str:
        """Run `docker COMMAND` and return what it printed, both streams. Raises EngineError."""
        done = subprocess.run(
            ["docker", *command],
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**self.environment, **(settings or {})},
            timeout=seconds,
            check=False,
        )
        said = done.stdout.decode("utf-8", "replace")
        if done.returncode:
            raise EngineError(f"docker {' '.join(command)}: {said[-6000:]}")
        return said

    def answers(self) -> bool:
        """Return whether it can be used."""
        try:
            self.run("version", seconds=20)
        except (EngineError, OSError, subprocess.TimeoutExpired):
            return False
        return True

    def start(self) -> None:
        """Start our own. Raises EngineError when it does not come up."""
        ROOT.mkdir(parents=True, exist_ok=True)
        folders = ["--data-root", str(ROOT / "data"), "--exec-root", str(ROOT / "run")]
        command = ["dockerd", *folders, "--pidfile", str(ROOT / "pid"), "--host", self.environment["DOCKER_HOST"]]
        with (ROOT / "log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        limit = time.monotonic() + 60
        while not self.answers():
            if time.monotonic() > limit or self._process.poll() is not None:
                raise EngineError("dockerd does not start: " + (ROOT / "log").read_text("utf-8")[-2000:])
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop our own with all its containers, as a machine does that shuts down."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(120)
            self._process = None

    def inspect(self, name: str, template: str) -> str:
        """Return what `docker inspect` tells of a container or an image."""
        return self.run("inspect", "--format", template, name).strip()


def reason_against() -> str | None:
    """Return why there is no engine to test with, None where one can be had."""
    if shutil.which("docker") is None:
        return "docker is not installed (make test-containers needs it)"
    if Engine(own=False).answers():
        return None
    if WANTED not in os.environ:
        return "no Docker engine answers (make test-containers starts one)"
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        return "no Docker engine answers, and only root can start dockerd"
    return None


def packages_settings() -> dict[str, str]:
    """Return what pip is told on this machine, by the name of the setting; a folder or a file by its path."""
    command = ["python3", "-m", "pip", "config", "list"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    settings = [line.partition("=") for line in said.splitlines()]
    return {name.rpartition(".")[2]: value.strip("'") for name, _, value in settings}


def checked(command: Sequence[str], seconds: float) -> None:
    """Run another program. Raises EngineError with the end of what it said."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds, check=False)
    if done.returncode:
        raise EngineError(f"{' '.join(command)}: {done.stdout.decode('utf-8', 'replace')[-3000:]}")
