"""`likeness doctor`: what it says of a machine, and that it says it in an exit code and in JSON."""

import json
import os
from pathlib import Path

import pytest

from likeness.contract.about import ServiceAbout, WorkerAbout
from likeness.contract.catalogue import load_catalogue
from likeness.doctor.engines import Place, about_models, edits_here, engines_here, pulls
from likeness.doctor.findings import Standing
from likeness.doctor.hardware import about_gpus, gpus_of
from likeness.doctor.programs import about_settings
from likeness.models.folder import ModelsFolder
from tests.cli.test_main import likeness

CATALOGUE = load_catalogue()
SHIPPED = [spec.name for spec in CATALOGUE.engines if spec.name not in CATALOGUE.missing(())]
ON_CPU = WorkerAbout(device="cpu", name="cpu", budget=8 * 10**9, torch="2.13.0+cpu")


def driver(folder: Path, says: str) -> dict[str, str]:
    """Return an environment in which the driver's tool says this."""
    tool = folder / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{says}\n")
    tool.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def test_it_tells_a_gpu_that_torch_cannot_use(tmp_path: Path) -> None:
    environment = driver(tmp_path, "echo 'NVIDIA GeForce RTX 4090, 24564, 23010, 580.95.05'")
    (gpu,) = gpus_of(environment)
    assert (gpu.name, gpu.memory // 2**20, gpu.driver) == ("NVIDIA GeForce RTX 4090", 24564, "580.95.05")
    for worker, standing, said in (
        (ON_CPU, Standing.PROBLEM, "built for processors alone"),
        (ON_CPU.model_copy(update={"cuda": "12.8"}), Standing.PROBLEM, "cannot use it"),
        (ON_CPU.model_copy(update={"device": "cuda"}), Standing.OK, "driver 580.95.05"),
    ):
        found = about_gpus([gpu], worker, environment)
        assert (found.standing, said in found.said) == (standing, True), found
    chosen = about_gpus([gpu], ON_CPU, environment | {"LIKENESS_DEVICE": "cpu"})
    assert chosen.standing is Standing.NOTE, "it was asked for"


@pytest.mark.parametrize("says", ["exit 9", "echo 'No devices were found'", "echo 'NVIDIA GB10, [N/A], [N/A], 580.1'"])
def test_a_driver_without_an_answer_is_no_crash(tmp_path: Path, says: str) -> None:
    assert [gpu.memory for gpu in gpus_of(driver(tmp_path, says))] == ([0] if "GB10" in says else [])


def test_a_mistyped_setting_is_told_with_what_was_meant() -> None:
    service = ServiceAbout(settings=["LIKENESS_REDIS_URL", "LIKENESS_LIFETIME"])
    environment = {"LIKENESS_REDIS_ULR": "x", "LIKENESS_LIFETIME": "60", "HOME": "/"}
    (found,) = about_settings(environment, {"LIKENESS_KEY"}, {"service": service, "worker": None})
    assert found.standing is Standing.WARNING and "did you mean LIKENESS_REDIS_URL?" in found.said
    refused = ServiceAbout(problem="LIKENESS_PORT: must be a number", settings=["LIKENESS_PORT"])
    (found,) = about_settings({}, (), {"service": refused})
    assert found.standing is Standing.PROBLEM and "LIKENESS_PORT" in found.said


def test_it_proposes_what_fits_and_nothing_else(tmp_path: Path) -> None:
    for gigabytes, gpu, best in (
        (24, True, "flux2-klein"),
        (80, True, "qwen-image-edit"),
        (64, False, "instruct-pix2pix"),
    ):
        place = Place(gigabytes * 10**9, gpu, False, SHIPPED)
        edits = edits_here(CATALOGUE, place)
        better = {edit.of: edit.better for edit in edits}
        assert (better["instruction"], better["recolour"]) == (best, None)
        proposed = pulls(CATALOGUE, edits, tmp_path / "models")
        assert f"likeness models pull {best}" in proposed and not any("flux-kontext" in one for one in proposed)
    here = {engine.name: engine for engine in engines_here(CATALOGUE, Place(24 * 10**9, True, False, SHIPPED))}
    assert (here["retouch"].runs, here["flux2-klein"].next) == (True, "likeness models pull flux2-klein")
    assert "forbids commercial use" in here["flux-kontext"].said and here["flux-kontext"].next is None
    assert here["qwen-image-edit"].said.startswith("needs 66.0 GB")


def test_it_tells_a_pull_that_was_interrupted(tmp_path: Path) -> None:
    (tmp_path / ".sdxl.part").mkdir()
    (tmp_path / "sd15").mkdir()
    counted, begun = about_models(CATALOGUE, ModelsFolder(tmp_path))
    assert counted.said.startswith("sd15 (") and begun.next == "likeness models pull sdxl"


def test_the_command_looks_at_the_real_programs(tmp_path: Path) -> None:
    """The one slow test: both programs say what they are, which takes the time to import torch."""
    closed = {"LIKENESS_REDIS_URL": "redis://:secret@127.0.0.1:9/0", "LIKENESS_URL": "http://127.0.0.1:9"}
    done = likeness("doctor", "--json", "--models", tmp_path / "models", "--home", tmp_path, **closed)
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    standing = {one["name"]: one["standing"] for one in found["findings"]}
    assert (found["healthy"], standing["queue"], standing["service"]) == (False, "problem", "note")
    assert standing["programs"] == standing["settings"] == standing["memory"] == "ok"
    assert next(iter(found["next"])) == "start Redis at redis://127.0.0.1:9/0" and "secret" not in done.stdout
    edits = {edit["of"]: edit["engine"] for edit in found["edits"]}
    assert (edits["recolour"], edits["material"], edits["generate"]) == ("retouch", "starter-edit", None)
    assert {engine["name"] for engine in found["engines"] if engine["runs"]} == set(SHIPPED)
    assert not (tmp_path / "models").exists(), "nothing is changed"
