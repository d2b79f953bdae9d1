"""`likeness cutout | packshot | check` in processes of their own, against a real service whose worker has `retouch`."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.test_main import EXAMPLES, likeness, told
from tests.service.conftest import Live, Stack, serving
from tests.service.conftest import stack as stack
from tests.support.places import ROOT
from tests.worker.drill import Drill

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]
SHIPPED = ROOT / "likeness" / "contract" / "catalogue.toml"
LITTLE = EXAMPLES / "cap-plaid.jpg"


@pytest.fixture(scope="module")
def shop(stack: Stack) -> Iterator[Live]:
    """A service and a worker with the engines that ship."""
    drill = Drill(f"unix://{stack.server.socket}?db=4", stack.folder, SHIPPED)
    try:
        drill.worker(preload="[]")
        with serving(stack.settings(4, catalogue=None)) as live:
            yield live
    finally:
        drill.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of two pictures and a text that is none."""
    made = tmp_path / "shop"
    made.mkdir()
    for name in ("cap-plaid.jpg", "sandals.jpg"):
        shutil.copy(EXAMPLES / name, made)
    (made / "prices.txt").write_text("1")
    return made


def run(shop: Live, *arguments: object):
    return likeness(*arguments, LIKENESS_URL=shop.url)


def saved(folder: Path) -> list[tuple[str, tuple[int, int]]]:
    """Return the mode and the size of each image in a folder."""
    made = []
    for file in sorted(folder.iterdir()):
        with Image.open(file) as image:
            made.append((image.mode, image.size))
    return made


def test_a_folder_is_cut_out(shop: Live, folder: Path, tmp_path: Path) -> None:
    done = run(shop, "cutout", folder, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert saved(tmp_path / "out") == [("RGBA", (400, 534))] * 2


def test_a_folder_becomes_packshots_and_one_that_is_enlarged_is_told(shop: Live, folder: Path, tmp_path: Path) -> None:
    done = run(shop, "packshot", folder, "--size", "300x360", "--background", "#eeeeee", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert saved(tmp_path / "out") == [("RGB", (300, 360))] * 2
    large = run(shop, "packshot", LITTLE, "--preset", "amazon-main", "--out", tmp_path / "large", "--json")
    assert large.returncode == 2, "a rejected picture is no success"
    assert "enlargement" in large.stdout and "rejected" in large.stdout


def test_a_picture_is_checked_and_a_page_shows_it(shop: Live, tmp_path: Path) -> None:
    page = tmp_path / "check.html"
    done = run(shop, "check", LITTLE, "--preset", "walmart", "--page", page, "--out", tmp_path / "out")
    assert done.returncode == 2 and "background" in done.stdout and "2 200" in done.stdout, done.stdout + done.stderr
    assert "<table" in page.read_text("utf-8")
    answer = run(shop, "check", LITTLE, "--preset", "walmart", "--json", "--out", tmp_path / "again")
    assert json.loads(answer.stdout) and answer.returncode == 2


def test_what_is_wrong_is_told(shop: Live, tmp_path: Path) -> None:
    assert "amazon-main" in told(run(shop, "check", LITTLE, "--preset", "etsy"), code=2)
    assert "no image in" in told(run(shop, "cutout", tmp_path), code=1)
    assert "expected degrees, or auto" in told(run(shop, "packshot", LITTLE, "--straighten", "upright"), code=1)
