"""What the images are made with: lists of packages, what is left out, and the bill of materials."""

import json
import runpy
import subprocess
import sys
from pathlib import Path

from tests.support.places import ROOT

FOLDER = ROOT / "deploy" / "image"


def ran(program: str, *words: str) -> str:
    return subprocess.run(
        [sys.executable, str(FOLDER / program), *words], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


def names(listed: str) -> set[str]:
    return {line.partition(">")[0].partition("=")[0] for line in listed.splitlines()}


def test_an_image_gets_what_its_extras_need_and_the_extras_that_these_name() -> None:
    service, worker = names(ran("requirements.py", "service", "telemetry")), names(ran("requirements.py", "worker"))
    assert {"fastapi", "opentelemetry-sdk", "httpx"} <= service and not {"torch", "pytest"} & service
    assert {"torch", "huggingface_hub", "httpx"} <= worker and "fastapi" not in worker
    pinned = {name.replace("_", "-").lower() for name in names((ROOT / "requirements.lock").read_text("utf-8"))}
    assert {name.replace("_", "-").lower() for name in service | worker} <= pinned


def test_the_bill_of_materials_has_each_package_once_with_version_and_licence() -> None:
    bill = json.loads(ran("bill.py", "tested"))
    assert bill["bomFormat"] == "CycloneDX" and bill["metadata"]["component"]["name"] == "tested"
    parts = {one["name"]: one for one in bill["components"]}
    assert len(parts) == len(bill["components"]) > 50
    assert parts["likeness"]["licenses"] == [{"expression": "Apache-2.0"}]
    assert parts["numpy"]["purl"] == f"pkg:pypi/numpy@{parts['numpy']['version']}"
    assert [name for name, one in parts.items() if not one["licenses"]] == []


def test_tests_and_stubs_are_left_out_and_headers_only_where_that_is_asked(tmp_path: Path) -> None:
    kept = ("a/code.py", "a/testing/code.py", "a/data.json")
    gone = ("a/tests/test_code.py", "a/code.pyi", "a/lib/libcode.a")
    for name in (*kept, *gone, "a/include/code.h"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    trim = runpy.run_path(str(FOLDER / "trim.py"))["remove_unused"]
    trim(tmp_path, headers=False)
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*")} == {*kept, "a/include/code.h"}
    trim(tmp_path, headers=True)
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*")} == set(kept)
