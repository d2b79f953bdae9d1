"""`likeness inspect`: what a picture file says about itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from likeness.files.content_credentials import Signer
from likeness.files.inspection import NONE_SIGNED, NOTHING_SAID, inspect_file
from likeness.imaging.formats import png
from likeness.imaging.formats.encode import encode
from likeness.imaging.formats.xmp import DigitalSource, Provenance, packet
from likeness.imaging.frame import Frame
from likeness.problems import LocalProblem
from tests.imaging.files import exif_block, photo, picture, saved
from tests.support.certificates import ISSUER, certified
from tests.support.places import ROOT

SAID = Provenance(
    source=DigitalSource.TRAINED,
    engine="starter",
    revision="2",
    seed=7,
    parameters={"prompt": "a [b]red[/b] shirt", "steps": 4},
    input_sha256="9f" * 32,
)


def made() -> bytes:
    given = picture(saved(photo("RGB", 33, 20), "JPEG", exif=exif_block(6), dpi=(300, 300)))
    frame = Frame.of(given)
    return encode(frame.restore(frame.canvas(given)), frame, "same", packet(SAID))


def inspect(file: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "likeness.cli", "inspect", str(file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1", **environment},
    )


def test_the_command_prints_what_was_made_and_how(tmp_path):
    file = tmp_path / "made.jpg"
    file.write_bytes(made())
    done = inspect(file)
    assert done.returncode == 0, done.stderr
    for told in (
        "jpeg, 33x20, RGB, 8 bits, orientation 6, 300x300 dpi, no ICC profile",
        "trainedAlgorithmicMedia",
        "starter, revision 2",
        "a [b]red[/b] shirt",
        "9f" * 32,
    ):
        assert told in done.stdout


@pytest.mark.parametrize("content", [None, b"text"])
def test_what_is_no_picture_is_told_in_a_sentence(tmp_path, content):
    file = tmp_path / "made.jpg"
    if content is not None:
        file.write_bytes(content)
    done = inspect(file)
    assert done.returncode == 2 and done.stderr.startswith(f"likeness: {file} cannot be read: ")
    with pytest.raises(LocalProblem):
        inspect_file(file)


def test_a_plain_file_says_nothing(tmp_path):
    file = tmp_path / "plain.webp"
    file.write_bytes(saved(photo("RGB", 33, 20), "WEBP"))
    rows = dict(inspect_file(file).rows())
    assert rows["made by"] == NOTHING_SAID and rows["credentials"] == NONE_SIGNED


def test_a_file_cannot_steer_the_terminal(tmp_path):
    file = tmp_path / "made.png"
    said = packet(SAID.model_copy(update={"engine": "a\x9b2Jb\u202e"}))
    file.write_bytes(png.with_chunks(saved(photo("RGB", 9, 9), "PNG"), png.metadata(None, None, b"", said)))
    assert dict(inspect_file(file).rows())["engine"] == "a\ufffd2Jb\ufffd, revision 2"


def test_a_signed_file_says_whether_it_was_changed_since(tmp_path):
    pytest.importorskip("c2pa")
    file = tmp_path / "signed.jpg"
    data = Signer(*certified(tmp_path)).signed(made(), SAID)
    file.write_bytes(data)
    said = dict(inspect_file(file).rows())["credentials"]
    assert said.startswith(f"valid: neither pixels nor metadata changed since {ISSUER}")
    file.write_bytes(data.replace(b"starter", b"unknown"))
    assert dict(inspect_file(file).rows())["credentials"].startswith("not valid: ")


def test_without_the_package_it_says_that_signatures_are_not_checked(tmp_path):
    """A folder without c2pa stands before the installed packages."""
    file = tmp_path / "made.jpg"
    file.write_bytes(made())
    (tmp_path / "c2pa.py").write_text("raise ImportError")
    done = inspect(file, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert done.returncode == 0, done.stderr
    assert (
        "not checked" in done.stdout and "likeness[provenance]" in done.stdout and "starter, revision 2" in done.stdout
    )
