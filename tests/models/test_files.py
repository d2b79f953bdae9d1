"""Which files are taken, under which name, and what a file must be."""

import hashlib
from pathlib import Path

import pytest

from likeness.contract.catalogue import load_catalogue
from likeness.contract.engines import ModelSpec
from likeness.models.files import HARMLESS, check, git_blob, is_safetensors, matches, stored_as, wanted
from likeness.models.hub import HubFile
from likeness.problems import LocalProblem
from tests.models.fake_hub import weights


def spec(*patterns: str) -> ModelSpec:
    return ModelSpec(name="m", repository="a/b", revision="main", licence="MIT", files=list(patterns))


def hub(*paths: str) -> list[HubFile]:
    return [HubFile(path, 1, "0" * 64, None) for path in paths]


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("unet/config.json", "unet/*.json", True),
        ("unet/config.json", "*.json", False),
        ("config.json", "*.json", True),
        ("a/b/c.json", "a/*/c.json", True),
        ("a/b/c.json", "a/*", False),
        ("Config.json", "config.json", False),
    ],
)
def test_a_star_is_anything_but_a_slash(path: str, pattern: str, expected: bool) -> None:
    assert matches(path, pattern) is expected


def test_weights_in_16_bits_get_the_name_that_loaders_look_for() -> None:
    assert stored_as("unet/model.fp16.safetensors") == "unet/model.safetensors"
    assert stored_as("unet/model.safetensors") == "unet/model.safetensors"
    taken = wanted(spec("*.safetensors", "config.json"), hub("m.fp16.safetensors", "config.json", "README.md"))
    assert {name: file.path for name, file in taken.items()} == {
        "m.safetensors": "m.fp16.safetensors",
        "config.json": "config.json",
    }
    with pytest.raises(LocalProblem, match="in 16 and in 32 bits"):
        wanted(spec("*.safetensors"), hub("m.fp16.safetensors", "m.safetensors"))


@pytest.mark.parametrize("path", ["x.bin", "x.ckpt", "x.py", "x.onnx", "x", "x.json.py", "x y.json", "x\n.json"])
def test_whatever_may_hold_code_is_refused(path: str) -> None:
    with pytest.raises(LocalProblem, match="is rejected"):
        wanted(spec("*"), hub(path))


@pytest.mark.parametrize("path", ["../x.json", "/etc/x.json", "..", "a/../../x.json", ".git/x.json/.."])
def test_whatever_leaves_the_folder_is_refused(path: str) -> None:
    with pytest.raises(LocalProblem, match="is rejected"):
        wanted(spec(path), hub(path))


def test_a_file_that_is_named_must_be_there_and_of_weights_some() -> None:
    with pytest.raises(LocalProblem, match=r"a/b has no config\.json at main"):
        wanted(spec("config.json"), hub("other.json"))
    with pytest.raises(LocalProblem, match=r"has no \*\.safetensors"):
        wanted(spec("*.safetensors"), hub("other.json"))
    assert list(wanted(spec("*.jinja", "config.json"), hub("config.json"))) == ["config.json"]


def test_a_small_file_is_known_by_its_git_object_id(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(b"test content\n")
    known = "d670460b4b4aece5915caf5c68d12f560a9fe3e4"  # of the Git book, "Git Objects"
    assert git_blob(path) == known
    assert check(path, HubFile("config.json", 13, None, known)).sha256 == hashlib.sha256(b"test content\n").hexdigest()
    with pytest.raises(LocalProblem, match="its git object id is"):
        check(path, HubFile("config.json", 13, None, "0" * 40))
    with pytest.raises(LocalProblem, match="told no digest"):
        check(path, HubFile("config.json", 13, None, None))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 8,
        b"\x02\x00\x00\x00\x00\x00\x00\x00[]",
        b"\xff" * 64,
        b"\x80\x04\x95" + b"x" * 64,
        weights()[:50],
    ],
)
def test_what_is_no_safetensors_file(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)
    assert not is_safetensors(path)


def test_what_is_one(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(weights())
    assert is_safetensors(path)


UNPINNED = {"resnet-101", "upscaler", "vgg19"}
"""Their commits could not be looked up where they were added; docs/models.md says so."""


@pytest.mark.parametrize("model", load_catalogue().model, ids=lambda model: model.name)
def test_the_models_that_ship_in_the_catalogue_ask_for_nothing_that_is_refused(model: ModelSpec) -> None:
    assert all(pattern.endswith(HARMLESS) for pattern in model.files)
    assert any(pattern.endswith(".safetensors") for pattern in model.files)
    pinned = len(model.revision) == 40
    assert pinned != (model.name in UNPINNED), "a commit: a branch of somebody else's moves"
