"""Training data that the tests make: soft random photos with masks, one emoji, a vocabulary of a few merges."""

import gzip
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.data import pictures

HELD_OUT = 8
"""Of the photos: enough to judge a run by that is to be resumed, not to be good."""
PHOTOS = HELD_OUT + 12


@pytest.fixture(scope="module", autouse=True)
def few_held_out() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "HELD_OUT", HELD_OUT)
        yield


def add(tar: tarfile.TarFile, name: str, image: Image.Image, kind: str) -> None:
    file = io.BytesIO()
    image.save(file, kind)
    info = tarfile.TarInfo(name)
    info.size = file.tell()
    file.seek(0)
    tar.addfile(info, file)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder laid out as the recipes read it."""
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    (folder / "clothing").mkdir()
    (folder / "emoji").mkdir()
    mask = np.zeros((72, 80), np.uint8)
    mask[16:60, 20:64] = 255
    with tarfile.open(folder / "clothing/train.tar", "w") as tar:
        for number in range(PHOTOS):
            rough = Image.fromarray(random.integers(0, 255, (9, 9, 3), np.uint8))
            add(tar, f"p{number}.jpg", rough.resize((80, 72), Image.Resampling.BICUBIC), "JPEG")
            add(tar, f"p{number}.png", Image.fromarray(mask), "PNG")
    rows = "".join(f"p{number},Shirt\n" for number in range(PHOTOS))
    (folder / "clothing/train.csv").write_text("uuid,label\n" + rows)
    with tarfile.open(folder / "emoji/emoji.tar", "w") as tar:
        add(tar, "1f004.webp", Image.new("RGBA", (128, 128), (250, 200, 30, 255)), "WEBP")
    (folder / "emoji/emoji.csv").write_text("file,codepoint,name\n1f004.webp,U+1F004,mahjong tile\n")
    return folder


@pytest.fixture(scope="session")
def merges(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a byte-pair file of the form that CLIP's has."""
    path = tmp_path_factory.mktemp("vocabulary") / "bpe.txt.gz"
    path.write_bytes(gzip.compress(b"#version\nr e\nre d</w>\ni t</w>\nm a\nma k\nmak e</w>\n"))
    return path
