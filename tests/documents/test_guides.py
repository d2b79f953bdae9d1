"""What the guides in docs/ tell people to write and type works as it stands."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from likeness.contract.catalogue import load_catalogue
from likeness.contract.report import EditThresholds, Thresholds
from tests.support.leftovers import delete_all
from tests.support.places import ROOT
from tests.support.snippets import snippets
from tests.support.tiny import MAKERS
from worker import once

GUIDES = sorted((ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
def test_links_lead_somewhere(guide: Path) -> None:
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", guide.read_text("utf-8")):
        assert (guide.parent / target).exists(), f"{guide.name} links to {target}"


def test_every_page_is_listed() -> None:
    listed = (ROOT / "docs/README.md").read_text("utf-8")
    assert [guide.name for guide in GUIDES if guide.name != "README.md" and f"({guide.name})" not in listed] == []


def test_own_weights_and_an_adapter_are_used(tmp_path: Path) -> None:
    text, order = snippets("docs/own-weights.md", "toml")
    catalogue, models = tmp_path / "catalogue.toml", tmp_path / "models"
    catalogue.write_text(text)
    MAKERS["sd15"](models / "garments-sd15")
    MAKERS["lcm-lora-sd15"](models / "garments-lora")
    assert load_catalogue(catalogue).defaults(())["recreate"].name == "garments"
    (tmp_path / "ordered.toml").write_text(f"{text}\n{order}")
    assert load_catalogue(tmp_path / "ordered.toml").defaults({"sdxl"})["generate"].name == "garments"
    plain = made(tmp_path, catalogue, models, loras=[])
    adapted = made(tmp_path, catalogue, models, loras=[{"name": "garments-lora", "weight": 1.0}])
    assert plain["engine"]["name"] == "garments" and plain["engine"]["parameters"]["steps"] == 2
    assert plain["images"][0]["picture"]["sha256"] != adapted["images"][0]["picture"]["sha256"]


def made(folder: Path, catalogue: Path, models: Path, **fields: object) -> dict:
    request = folder / "request.json"
    Image.open(ROOT / "examples/portrait-624x807.jpg").resize((48, 64)).save(folder / "small.png")
    request.write_text(json.dumps({"image": "small.png", "prompt": "a shirt", "seed": 1, "steps": 2, **fields}))
    settings = {"LIKENESS_CATALOGUE": str(catalogue), "LIKENESS_MODELS": str(models)}
    with pytest.MonkeyPatch.context() as environment:
        for name, value in settings.items():
            environment.setenv(name, value)
        once.run(request, folder / "out")
    return json.loads((folder / "out/result.json").read_text())


def test_the_table_of_thresholds_is_theirs() -> None:
    page = (ROOT / "docs/thresholds.md").read_text("utf-8")
    named = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| `.*?\|", page, re.MULTILINE))))
    assert named == set(Thresholds.model_fields) | set(EditThresholds.model_fields)
    for number in (Thresholds().psnr, Thresholds().ssim, Thresholds().delta_e, EditThresholds().hue_error):
        assert f" {number:g} " in page


@pytest.mark.processes
@pytest.mark.timeout(300)
def test_the_lines_that_find_thresholds(port: int, folder: Path) -> None:
    (script,) = snippets("docs/thresholds.md", "python")
    for photo in sorted((folder / "examples").glob("*.jpg"))[2:]:
        photo.unlink()
    program = [sys.executable, "-c", script.replace(":8000", f":{port}")]
    out = subprocess.run(program, cwd=folder, check=True, timeout=250, capture_output=True, text=True).stdout
    assert len(out.splitlines()) == 2 + 1 and "ssim" in out.splitlines()[0]


@pytest.mark.processes
@pytest.mark.timeout(300)
def test_the_requests(port: int, folder: Path) -> None:
    for script in snippets("docs/requests.md", "bash"):
        ran = subprocess.run(
            ["bash", "-euc", script.replace(":8000", f":{port}")],
            cwd=folder,
            check=True,
            timeout=150,
            capture_output=True,
        )
        assert b'"code"' not in ran.stdout.replace(b'"code": null', b"")
        delete_all(f"http://127.0.0.1:{port}")  # else the next script waits for what this one posted and did not await


@pytest.mark.processes
def test_the_checks_of_security(port: int, folder: Path) -> None:
    """Of a service without keys: the lines that need some are of no use here."""
    (script,) = snippets("docs/security.md", "bash")
    out = subprocess.run(
        ["bash", "-euc", script.replace(":8000", f":{port}")], cwd=folder, check=True, timeout=60, capture_output=True
    ).stdout.decode()
    assert out.splitlines()[:2] == ["200", "403"]
    assert '"code":"invalid_field"' in out.replace(" ", "") and '"code":"url_not_allowed"' in out.replace(" ", "")
