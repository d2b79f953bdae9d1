"""What README and CONTRIBUTING tell people to type works as it stands."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from likeness.contract.catalogue import load_catalogue
from likeness.local.supervisor import Settings, Stack
from likeness.local.valkey import free_port
from tests.support.places import ROOT

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]


def snippets(file: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / file).read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    settings = Settings(tmp_path_factory.mktemp("home"), port=free_port())
    with Stack(settings, print) as stack:
        stack.wait_until_ready()
        yield settings.port


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    return tmp_path


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
        subprocess.run(["bash", "-euc", script.replace(":8000", f":{port}")], cwd=folder, check=True, timeout=150)
    assert (folder / "recreated.jpg").read_bytes()[:2] == b"\xff\xd8"
    assert (folder / "report.png").read_bytes()[:4] == b"\x89PNG"


def test_the_catalogue_entry_is_one(tmp_path: Path) -> None:
    (entry,) = snippets("CONTRIBUTING.md", "toml")
    path = tmp_path / "catalogue.toml"
    path.write_text(entry)
    assert load_catalogue(path).find("starter-large").family == "autoencoder"


def test_links_lead_somewhere() -> None:
    for file in ("README.md", "CONTRIBUTING.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", (ROOT / file).read_text("utf-8")):
            assert (ROOT / target).exists(), f"{file} links to {target}"
