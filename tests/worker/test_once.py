"""One job with no Redis and no web."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.support.places import EXAMPLES


def once(request: Path, out: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "worker.once", str(request), str(out)]
    return subprocess.run(command, capture_output=True, text=True, timeout=100)


def test_a_request_file_gives_images_and_a_result(tmp_path: Path) -> None:
    shutil.copy(EXAMPLES / "cutout-soft-alpha.png", tmp_path / "given.png")
    (tmp_path / "request.json").write_text(json.dumps({"image": "given.png", "format": "webp"}))
    ended = once(tmp_path / "request.json", tmp_path / "out")
    assert ended.returncode == 0
    assert ended.stdout.splitlines()[-1] == f"{tmp_path / 'out/0.webp'}: accepted"
    noise = ("it/s", "torchvision")
    assert not [said for said in noise if said in ended.stderr], "libraries are to keep quiet"
    made = Image.open(tmp_path / "out/0.webp")
    given = Image.open(tmp_path / "given.png")
    assert (made.size, made.mode) == (given.size, given.mode) == ((400, 534), "RGBA")
    assert made.getchannel("A").tobytes() == given.getchannel("A").tobytes()
    result = json.loads((tmp_path / "out/result.json").read_text())
    assert result["images"][0]["report"]["verdict"] == "accepted" and result["degradations"] == []
    assert result["images"][0]["seed"] is None and result["recipe"]["seeds"] == [], "the starter has no randomness"
    assert result["engine"]["why"].startswith("the best that can be used here for recreate (instruct-pix2pix: not")


def test_a_wrong_request_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "given.png").write_bytes(b"no picture")
    (tmp_path / "request.json").write_text(json.dumps({"image": "given.png"}))
    ended = once(tmp_path / "request.json", tmp_path / "out")
    assert ended.returncode == 1 and ended.stderr.startswith("likeness: ") and "Traceback" not in ended.stderr


def test_a_wrong_catalogue_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own.toml").write_text('extends = "shipped"\n[[engine]]\nname = "a"\nlike = "vqgann"')
    monkeypatch.setenv("LIKENESS_CATALOGUE", str(tmp_path / "own.toml"))
    shutil.copy(EXAMPLES / "cutout-soft-alpha.png", tmp_path / "given.png")
    (tmp_path / "request.json").write_text(json.dumps({"image": "given.png", "engine": "a"}))
    ended = once(tmp_path / "request.json", tmp_path / "out")
    assert ended.returncode == 1 and "no engine called 'vqgann'" in ended.stderr and "Traceback" not in ended.stderr
