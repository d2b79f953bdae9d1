"""Every pod of the laptop overlay, run as a container with what its manifest says, and a job through them."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from service.auth.keys import create_key
from tests.containers.conftest import IMAGES, build
from tests.containers.engine import Engine, EngineError
from tests.containers.pods import Pods, bytes_of
from tests.containers.stack import until
from tests.support.places import ROOT

pytestmark = [pytest.mark.containers, pytest.mark.alone, pytest.mark.timeout(1800)]
NETWORK = "likeness-pods"
PODS = ("valkey", "service", "webhooks", "worker-starter", "worker-retouch")


class Running:
    """The pods' containers."""

    def __init__(self, engine: Engine, pods: Pods, key: str) -> None:
        self.engine, self.pods = engine, pods
        address = engine.inspect(f"{NETWORK}-service", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}")
        headers = {"Authorization": f"Bearer {key}"}
        self.http = httpx.Client(base_url=f"http://{address}:8000", headers=headers, timeout=60, trust_env=False)

    def passes(self, name: str, probe: str) -> bool:
        """Return whether a probe of a pod's container does."""
        container = self.pods.specs()[name]["spec"]["template"]["spec"]["containers"][0]
        asked = container[probe]
        try:
            if "exec" in asked:
                self.engine.run("exec", f"{NETWORK}-{name}", *asked["exec"]["command"], seconds=asked["timeoutSeconds"])
                return True
            if "httpGet" in asked:
                return self.http.get(asked["httpGet"]["path"]).is_success
        except (EngineError, subprocess.TimeoutExpired, httpx.TransportError):
            return False
        return True

    def logs(self) -> str:
        """Return what all of them wrote."""
        return "\n".join(self.engine.run("logs", "--tail", "30", f"{NETWORK}-{name}") for name in PODS)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict], str]:
    """The laptop overlay's objects, and an API key of theirs."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl, which renders the manifests, is not installed")
    folder = tmp_path_factory.mktemp("manifests") / "kubernetes"
    shutil.copytree(ROOT / "deploy" / "kubernetes", folder)
    overlay = folder / "overlays" / "laptop"
    secrets = (folder / "overlays" / "secrets.env.example").read_text("utf-8")
    (overlay / "secrets.env").write_text(secrets.replace("=\n", "=0123abcd\n"))
    key = create_key(overlay / "keys.json", "shop")
    done = subprocess.run([kubectl, "kustomize", str(overlay)], capture_output=True, text=True, check=True)
    return list(yaml.safe_load_all(done.stdout)), key


@pytest.fixture(scope="module")
def pods(
    engine: Engine, bases: dict[str, str], rendered: tuple[list[dict], str], tmp_path_factory
) -> Iterator[Running]:
    """All pods of the overlay, one of each."""
    objects, key = rendered
    for name in IMAGES:
        build(engine, f"{name}:0.1.0", ROOT)
    made = Pods(objects, tmp_path_factory.mktemp("volumes"), NETWORK)
    made.folder.chmod(0o755)
    engine.run("network", "create", NETWORK)
    try:
        for name in PODS:
            engine.run(*made.command(name, {}))
        running = Running(engine, made, key)
        yield running
        running.http.close()
    finally:
        made.remove(engine)


def test_all_pods_of_the_overlay_are_run(rendered: tuple[list[dict], str], tmp_path: Path) -> None:
    assert set(Pods(rendered[0], tmp_path, NETWORK).specs()) == set(PODS)


@pytest.mark.parametrize("name", PODS)
def test_the_container_is_closed_as_the_pod_is(pods: Running, name: str) -> None:
    spec = pods.pods.specs()[name]["spec"]["template"]["spec"]
    told = json.loads(pods.engine.inspect(f"{NETWORK}-{name}", "{{json .HostConfig}}"))
    limit = bytes_of(spec["containers"][0]["resources"]["limits"]["memory"])
    assert told["ReadonlyRootfs"] and told["CapDrop"] == ["ALL"] and told["Memory"] == limit > 0
    status = Path(f"/proc/{pods.engine.inspect(f'{NETWORK}-{name}', '{{.State.Pid}}')}/status").read_text("utf-8")
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert set(facts["Uid"].split()) == {str(spec["securityContext"]["runAsUser"])}
    assert int(facts["CapEff"], 16) == int(facts["CapBnd"], 16) == 0 and facts["NoNewPrivs"] == "1"
    assert facts["Seccomp"] == "2"


@pytest.mark.parametrize("name", PODS)
def test_its_probes_pass(pods: Running, name: str) -> None:
    container = pods.pods.specs()[name]["spec"]["template"]["spec"]["containers"][0]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        if probe in container:
            until(lambda probe=probe: pods.passes(name, probe), 180, pods.logs)


def test_jobs_go_through_and_outlive_a_kill_of_each_pod(pods: Running) -> None:
    picture = {"image": ("a.png", (ROOT / "examples" / "cutout-soft-alpha.png").read_bytes())}
    until(lambda: pods.passes("service", "readinessProbe"), 60, pods.logs)
    for name in ("worker-starter", "worker-retouch", "webhooks"):
        jobs = [
            pods.http.post("/recreate", files=picture),
            pods.http.post("/customise", files=picture, data={"instruction": "make it red"}),
        ]
        assert [one.status_code for one in jobs] == [202, 202], [one.text for one in jobs]
        os.kill(int(pods.engine.inspect(f"{NETWORK}-{name}", "{{.State.Pid}}")), signal.SIGKILL)
        pods.engine.run("wait", f"{NETWORK}-{name}")
        pods.engine.run("start", f"{NETWORK}-{name}")  # as the kubelet does
        for one in jobs:
            job = one.json()["id"]
            until(lambda job=job: pods.http.get(f"/jobs/{job}").json()["status"] == "succeeded", 180, pods.logs)


def test_nothing_was_killed_for_its_memory(pods: Running) -> None:
    for name in PODS:
        assert pods.engine.inspect(f"{NETWORK}-{name}", "{{.State.Running}} {{.State.OOMKilled}}") == "true false"
