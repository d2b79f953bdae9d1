"""What README and CONTRIBUTING tell people to type works as it stands."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.places import ROOT
from tests.support.snippets import snippets

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]


def test_the_python_lines(port: int, folder: Path) -> None:
    """They wait for their job, so they go before the lines that leave several behind."""
    (script,) = snippets("README.md", "python")
    program = [sys.executable, "-c", script.replace(":8000", f":{port}")]
    out = subprocess.run(program, cwd=folder, check=True, timeout=150, capture_output=True, text=True).stdout
    assert "ssim" in out and (folder / "recreated.png").exists()


def test_the_curl_lines(port: int, folder: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    for script in snippets("README.md", "bash"):
        called = re.findall(r"curl .*", script)
        assert called and all("--fail" in line for line in called), "an error is not to be saved as an image"
        subprocess.run(["bash", "-euc", script.replace(":8000", f":{port}")], cwd=folder, check=True, timeout=150)
    with Image.open(folder / "red.jpg") as red, Image.open(folder / "packshot.jpg") as packshot:
        assert red.size == (624, 807) and packshot.size[0] == packshot.size[1]
    assert (folder / "report.png").read_bytes()[:4] == b"\x89PNG"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in which files can be added, with everything saved in it that CONTRIBUTING says to save."""
    shutil.copytree(ROOT / "worker", tmp_path / "worker")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    for text in (*snippets("CONTRIBUTING.md", "toml"), *snippets("CONTRIBUTING.md", "python")):
        (tmp_path / text.splitlines()[0].removeprefix("# ")).write_text(text)
    return tmp_path


def test_the_engine_and_the_family_of_contributing_run(checkout: Path) -> None:
    own = {"PYTHONPATH": str(ROOT), "LIKENESS_WEIGHTS": str(ROOT / "weights"), "LIKENESS_DEVICE": "cpu"}
    own["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    for script in snippets("CONTRIBUTING.md", "bash"):
        subprocess.run(["bash", "-euc", script], cwd=checkout, check=True, timeout=110, env=os.environ | own)
    noisy, inverted = (json.loads((checkout / f"out/{name}/result.json").read_text()) for name in ("noisy", "invert"))
    assert noisy["engine"]["name"] == "starter-noisy" and noisy["engine"]["parameters"]["strength"] == 0.2
    assert inverted["images"][0]["report"]["verdict"] == "rejected", "the page says so"
    original = np.asarray(Image.open(checkout / "examples/cutout-soft-alpha.png")).astype(int)
    result = np.asarray(Image.open(checkout / "out/invert/0.png")).astype(int)
    seen = original[..., 3] > 0
    assert (result[..., 3] == original[..., 3]).all()
    assert abs(result[..., :3] + original[..., :3] - 255)[seen].max() <= 1


def test_links_lead_somewhere() -> None:
    for file in ("README.md", "CONTRIBUTING.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", (ROOT / file).read_text("utf-8")):
            assert (ROOT / target).exists(), f"{file} links to {target}"
