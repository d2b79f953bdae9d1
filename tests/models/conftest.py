"""A hub on this machine, and the command line pointed at it."""

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from huggingface_hub import constants
from typer.testing import CliRunner

from likeness.cli.main import app
from tests.models.fake_hub import Hub, Repository, running, weights
from tests.support.places import ROOT

FILES = constants.HUGGINGFACE_CO_URL_TEMPLATE.removeprefix(constants.ENDPOINT)
COMMIT, NEWER = "a" * 40, "b" * 40
WORDS = 'repository = "maker/words", revision = "main", licence = "MIT"'
CATALOGUE = f"""
model = [
    {{ name = "tiny-vae", repository = "maker/vae", revision = "{COMMIT}", licence = "Apache-2.0", files = [
        "vae/config.json",
        "vae/*.fp16.safetensors",
    ] }},
    {{ name = "tiny-words", {WORDS}, files = ["*.txt", "model.safetensors"] }},
    {{ name = "metrics-clip", {WORDS}, files = ["*.txt"] }},
    {{ name = "metrics-tiny", {WORDS}, files = ["model.safetensors"], size = 4_200 }},
]

[[engine]]
name = "tiny"
family = "autoencoder"
summary = "What ships as an autoencoder, as if it were pulled."
kinds = ["recreate"]
pool = "tiny"
weights = "tiny-vae"
parts = {{ words = "tiny-words" }}
revision = "1"
licence = "Apache-2.0"
batch = 1
timeout = 60

[engine.canvas]
multiple = 8
minimum = 64
tile = 1024
overlap = 128
"""


class Done(subprocess.CompletedProcess[str]):
    """How a command ended."""

    def said(self) -> str:
        """Return what it said, after checking that it succeeded."""
        assert self.returncode == 0, self.stderr
        return self.stdout

    def complaint(self) -> str:
        """Return the sentence that it failed with."""
        assert self.returncode == 1, self.stdout + self.stderr
        assert "Traceback" not in self.stderr
        return self.stderr


@dataclass
class Machine:
    """A machine with the `likeness` command, a folder of models, and a hub to ask."""

    hub: Hub
    home: Path

    @property
    def models(self) -> Path:
        return self.home / "models"

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "likeness.cli", "models", *arguments]

    def environment(self, **more: str) -> dict[str, str]:
        own = {
            "HF_ENDPOINT": self.hub.url,
            "HF_HOME": str(self.home / "hf"),
            "LIKENESS_CATALOGUE": str(self.home / "catalogue.toml"),
            "LIKENESS_MODELS": str(self.models),
            "COLUMNS": "160",
            "NO_COLOR": "1",
            "PYTHONPATH": str(ROOT),
        }
        return {**os.environ, **own, **more}

    def run(self, *arguments: str, **environment: str) -> "Done":
        """Run a command here, which is much quicker than `run_apart`, unless it is to reach the hub in another way.

        huggingface_hub reads its variables when it is imported: here it is told of the hub and of no token directly.
        """
        if not {"HF_ENDPOINT", "HF_HUB_OFFLINE"}.isdisjoint(environment):
            return self.run_apart(*arguments, **environment)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(constants, "ENDPOINT", self.hub.url)
            patch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", self.hub.url + FILES)
            patch.setattr(constants, "HF_TOKEN_PATH", str(self.home / "hf/token"))
            ended = CliRunner().invoke(app, ["models", *arguments], env=self.environment(**environment))
        if ended.exception and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        return Done(arguments, ended.exit_code, ended.stdout, ended.stderr)

    def run_apart(self, *arguments: str, **environment: str) -> "Done":
        """Run a command in a process of its own that may not write wherever it likes."""
        ended = subprocess.run(
            self.command(*arguments),
            env=self.environment(**environment),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
            preexec_fn=_obey_permissions,
        )
        return Done(arguments, ended.returncode, ended.stdout, ended.stderr)

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Take away the right to write to the models."""
        folders = [self.models, *(path for path in self.models.rglob("*") if path.is_dir())]
        for folder in folders:
            folder.chmod(0o555)
        yield
        for folder in folders:
            folder.chmod(0o755)

    def says(self, *arguments: str, **environment: str) -> str:
        """Run a command that succeeds; return what it said."""
        return self.run(*arguments, **environment).said()

    def complains(self, *arguments: str, **environment: str) -> str:
        """Run a command that fails; return the sentence it said."""
        return self.run(*arguments, **environment).complaint()


def _obey_permissions() -> None:
    """Take from root, in a process to be started, what lets it write anywhere; any other user never had it."""
    drop_from_bounding_set, dac_override = 24, 1  # of linux/prctl.h and linux/capability.h
    ctypes.CDLL(None).prctl(drop_from_bounding_set, dac_override, 0, 0, 0)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A machine whose hub has the shipped autoencoder, and some words."""
    with running() as hub:
        yield prepared(hub, tmp_path)


@pytest.fixture(scope="session")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The models of the engine `tiny`, as a pull leaves them."""
    home = tmp_path_factory.mktemp("pulled")
    with running() as hub:
        prepared(hub, home).says("pull", "tiny")
    return home / "models"


@pytest.fixture
def installed(machine: Machine, pulled: Path) -> Machine:
    """A machine that has the models of the engine `tiny`."""
    shutil.copytree(pulled, machine.models)
    return machine


def prepared(hub: Hub, home: Path) -> Machine:
    """Fill a hub and write a catalogue."""
    (home / "catalogue.toml").write_text(CATALOGUE)
    vae = ROOT / "weights/starter/vae"
    hub.repositories["maker/vae"] = Repository(
        {
            COMMIT: {
                "README.md": b"hello",
                "vae/config.json": (vae / "config.json").read_bytes(),
                "vae/diffusion_pytorch_model.fp16.safetensors": (
                    vae / "diffusion_pytorch_model.safetensors"
                ).read_bytes(),
                "vae/diffusion_pytorch_model.bin": b"a pickle" * 1024,
            },
            NEWER: {},
        },
        main=NEWER,
    )
    hub.repositories["maker/words"] = Repository(
        {COMMIT: {"vocab.txt": b"a word", "model.safetensors": weights()}}, main=COMMIT
    )
    return Machine(hub, home)
