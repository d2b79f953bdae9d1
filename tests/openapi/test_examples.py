"""The programs in openapi/examples do what they say, and the TypeScript ones are right by the types."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.openapi.conftest import Shop
from tests.support.javascript import installed, packed
from tests.support.places import EXAMPLES, ROOT

OPENAPI = ROOT / "openapi"
PICTURE = EXAMPLES / "cutout-soft-alpha.png"
pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]


def program(*command: object, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    known = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run([*map(str, command)], cwd=cwd, env=known, capture_output=True, text=True, timeout=200)


WRONG = """import type { RecreateRequest } from "../likeness.js";
import { Likeness } from "likeness-client";
// @ts-expect-error
export const made = new Likeness().recreate(7);
// @ts-expect-error
export const field = new Likeness().packshot("", { colour: "red" });
export const right = new Likeness().packshot(new Uint8Array(2), { background: new Blob([]), size: "9x9" });
export const done = (await new Likeness().wait("x")).result.images[0]?.report.verdict === "accepted";
// @ts-expect-error
export const batch = new Likeness().submitBatch({ recipes: [{ kind: "check" }], items: [] });
// @ts-expect-error
export const number: RecreateRequest = { image: 7 };
// @ts-expect-error
export const unknown: RecreateRequest = { image: "", colour: "red" };
"""
"""Lines that the compiler complains of unless the one below each comment is wrong by the types."""


@pytest.fixture(scope="module")
def compiler(pytestconfig: pytest.Config) -> Path:
    """The folder of the TypeScript compiler; it is installed once, as package-lock.json says."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    modules = pytestconfig.cache.mkdir("typescript")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(OPENAPI / name, modules)
    if not _installed(modules):
        done = program("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", cwd=modules)
        if done.returncode:
            pytest.skip(f"npm cannot reach its registry: {done.stderr.strip().splitlines()[-1:]}")
        (modules / "installed.json").write_bytes((modules / "package-lock.json").read_bytes())
    return modules / "node_modules"


@pytest.fixture(scope="module")
def built(compiler: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the examples, which the types let pass, compiled to JavaScript."""
    folder = tmp_path_factory.mktemp("typescript")
    for name in ("package.json", "tsconfig.json"):
        shutil.copy(OPENAPI / name, folder)
    shutil.copy(OPENAPI / "likeness.d.ts", folder / "likeness.ts")  # declarations alone would not be checked
    shutil.copytree(OPENAPI / "examples", folder / "examples")
    (folder / "examples/wrong.ts").write_text(WRONG)
    installed(packed(tmp_path_factory.mktemp("packed")), folder / "examples")
    (folder / "examples/package.json").unlink()
    (folder / "node_modules").symlink_to(compiler)
    done = program("node", compiler / "typescript/bin/tsc", cwd=folder)
    assert done.returncode == 0, done.stdout
    (folder / "dist/examples/node_modules").symlink_to(folder / "examples/node_modules")
    return folder


def _installed(modules: Path) -> bool:
    said = modules / "installed.json"
    return said.exists() and said.read_bytes() == (modules / "package-lock.json").read_bytes()


def told(done: subprocess.CompletedProcess[str], target: Path) -> str:
    """What a program printed, after checking what every example leaves behind."""
    assert done.returncode == 0, done.stdout + done.stderr
    with Image.open(PICTURE) as given, Image.open(target) as made:
        assert (made.size, made.mode) == (given.size, given.mode)
    assert "succeeded" in done.stdout and "ssim" in done.stdout and "accepted" in done.stdout
    return done.stdout


def test_typescript(built: Path, shop: Shop, tmp_path: Path) -> None:
    script, target = built / "dist/examples/recreate.js", tmp_path / "made.png"
    out = told(program("node", script, PICTURE, target, **shop.environment), target)
    assert out.startswith("queued\n") and "\nrunning" in out
    refused = program("node", script, PICTURE, target, **{**shop.environment, "LIKENESS_KEY": "lk_no"})
    assert refused.returncode == 1 and refused.stderr.startswith("not_authenticated: ")


def test_python(shop: Shop, tmp_path: Path) -> None:
    script, target = OPENAPI / "examples/recreate.py", tmp_path / "made.png"
    told(program(sys.executable, script, PICTURE, target, **shop.environment), target)
    refused = program(sys.executable, script, PICTURE, target, **{**shop.environment, "LIKENESS_KEY": "lk_no"})
    assert refused.returncode == 1 and refused.stderr.startswith("not_authenticated: ")


def test_curl(shop: Shop, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    script, target = OPENAPI / "examples/recreate.sh", tmp_path / "made.png"
    told(program(script, PICTURE, target, **shop.environment), target)
    refused = program(script, PICTURE, target, **{**shop.environment, "LIKENESS_KEY": "lk_no"})
    assert refused.returncode == 1 and "not_authenticated" in refused.stderr
