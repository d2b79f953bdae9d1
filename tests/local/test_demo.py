"""The demo end to end: real Valkey, service, worker and weights, on the smallest of the examples."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from tests.test_cli import EXAMPLES, likeness, told

pytestmark = pytest.mark.processes
WEIGHTS = EXAMPLES.parent / "weights" / "starter"


@pytest.fixture
def pictures(tmp_path) -> Path:
    if not WEIGHTS.exists():
        pytest.skip("the starter weights are not here")
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("skirt-denim.jpg", "exif-orientation-6.jpg", "cutout-soft-alpha.png"):
        shutil.copy(EXAMPLES / name, folder)
    return folder


def test_every_picture_comes_back_with_its_frame_and_figures(pictures, tmp_path):
    done = likeness("demo", "--examples", pictures, "--out", tmp_path / "out", cwd=tmp_path, TMPDIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("accepted") == 3
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "contact-sheet.png",
        "cutout-soft-alpha.png",
        "exif-orientation-6.jpg",
        "skirt-denim.jpg",
    ]
    for given in pictures.iterdir():
        with Image.open(given) as before, Image.open(tmp_path / "out" / given.name) as after:
            assert (after.size, after.mode, after.format) == (before.size, before.mode, before.format)
    assert not list(tmp_path.glob("likeness-*")), "its state is not removed"


def test_a_picture_that_is_none_fails_the_demo_with_its_reason_and_keeps_the_logs(pictures, tmp_path):
    (pictures / "broken.jpg").write_bytes((pictures / "skirt-denim.jpg").read_bytes()[:2000])
    done = likeness("demo", "--examples", pictures, "--out", tmp_path / "out", cwd=tmp_path, TMPDIR=str(tmp_path))
    error = told(done, code=1)
    assert "broken.jpg: " in error
    (home,) = tmp_path.glob("likeness-*")
    assert f"The logs are kept in {home / 'logs'}" in error
    assert done.stdout.count("accepted") == 3


def test_missing_weights_are_told(pictures, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    done = likeness("demo", "--examples", pictures, cwd=tmp_path, TMPDIR=str(tmp_path), LIKENESS_WEIGHTS=str(empty))
    assert "worker-1 cannot start" in told(done, code=1)
