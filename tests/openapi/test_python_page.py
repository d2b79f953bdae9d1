"""The programs of docs/python.md run as they stand, in this order, but for the address and the key."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from likeness.client import Client
from tests.openapi.conftest import Shop
from tests.support.places import EXAMPLES, ROOT
from tests.support.snippets import snippets

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]
PROGRAMS = snippets("docs/python.md", "python")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("page")
    shutil.copytree(EXAMPLES, made / "examples")
    return made


def run(program: str, shop: Shop, folder: Path) -> str:
    written = program.replace("http://127.0.0.1:8000", shop.url).replace("lk_...", shop.key)
    assert written.count(shop.key) == written.count('Client("'), "each program names the key"
    command = [sys.executable, "-W", "error", "-c", written]
    known = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=known, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_one_picture(shop: Shop, folder: Path) -> None:
    assert run(PROGRAMS[0], shop, folder).startswith("accepted 0.")
    assert (folder / "recreated.jpg").read_bytes()[:2] == b"\xff\xd8"


def test_a_saved_recipe(shop: Shop, folder: Path) -> None:
    run(PROGRAMS[1], shop, folder)
    with Client(shop.url, shop.key) as client:
        assert [job.reference for job in client.jobs(reference="SKU-10442")] == ["SKU-10442"]


def test_several_pictures_at_once(shop: Shop, folder: Path) -> None:
    out = run(PROGRAMS[2], shop, folder)
    assert "cap-plaid.jpg succeeded" in out and "skirt-denim.jpg succeeded" in out
    for name in ("cap-plaid", "skirt-denim"):
        with Image.open(folder / f"blue/{name}.png") as made, Image.open(EXAMPLES / f"{name}.jpg") as given:
            assert made.size == given.size


def test_an_error(shop: Shop, folder: Path) -> None:
    assert "the word 'sparkle' is not understood" in run(PROGRAMS[3], shop, folder)


def test_an_order_of_ones_own(shop: Shop, folder: Path) -> None:
    with Client(shop.url, shop.key) as client:
        before = len(list(client.jobs()))
        run(PROGRAMS[4], shop, folder)
        assert len(list(client.jobs())) == before + 1


def test_every_program_is_run() -> None:
    assert len(PROGRAMS) == 5


def test_every_method_is_told_of() -> None:
    page = (ROOT / "docs/python.md").read_text("utf-8")
    assert [
        name for name in vars(Client) if not name.startswith("_") and name != "close" and f"`{name}" not in page
    ] == []
