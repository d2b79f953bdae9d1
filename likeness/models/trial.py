"""One run of an engine in a process of its own, to see that what was pulled does make images."""

import json
import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from pydantic import JsonValue

from likeness.contract.engines import EngineSpec
from likeness.contract.errors import LikenessError
from likeness.contract.jobs import Result
from likeness.contract.tasks import EditType, Recreate
from likeness.imaging.formats.decode import Bounds, peek
from likeness.problems import LocalProblem

SECONDS_TO_LOAD = 900
"""Beside the engine's own bound: the largest are tens of GB, and a disk may be slow."""

PROMPT = "a product photo"
EDIT_FIELDS: dict[EditType, dict[str, JsonValue]] = {
    EditType.INSTRUCTION: {"instruction": "make it blue"},
    EditType.COLOURWAY: {"recolour": {"to": "#1F4E79"}},
    EditType.PRINT: {"text": "Likeness"},
    EditType.RESIZE: {"instruction": "make it smaller"},
    EditType.FILL: {"prompt": "a white wall", "mask": "background"},
    EditType.CONTROL: {"prompt": PROMPT},
    EditType.STYLE: {"style_image": "file"},
    EditType.COMPLETE: {"complete": 0.5},
    EditType.GUIDE: {"guide": "file"},
}
"""What is asked to try each edit type; a control that the engine takes is added; a file is the image."""


def can_run() -> bool:
    """Return whether the worker is installed here."""
    return all(find_spec(module) is not None for module in ("worker", "torch"))


def request(spec: EngineSpec, picture: Path) -> dict[str, JsonValue]:
    """Return what to ask of an engine: the first that it does of recreating, a edit type, and generating."""
    asked: dict[str, JsonValue] = {"engine": spec.name} | ({"seed": 1} if "seed" in spec.parameters else {})
    prompted: dict[str, JsonValue] = {"prompt": PROMPT} if "prompt" in spec.parameters else {}
    given = str(picture.resolve())
    if "recreate" in spec.kinds:
        return {"kind": "recreate", "image": given, **asked, **prompted}
    if spec.ways:
        return {"kind": "customise", "image": given, **asked, **_request(spec, spec.ways[0], given)}
    return {"kind": "generate", **asked, **prompted}


def _request(spec: EngineSpec, edit_type: EditType, picture: JsonValue) -> dict[str, JsonValue]:
    controls: list[JsonValue] = [{"kind": spec.controls[0]}] if edit_type is EditType.CONTROL else []
    request = {name: picture if value == "file" else value for name, value in EDIT_FIELDS[edit_type].items()}
    return request | ({"controls": controls} if controls else {})


def run_once(spec: EngineSpec, picture: Path, models: Path) -> Result:
    """Run an engine on an image with the models of a folder; return what it made.

    Raises LocalProblem when the image cannot be read, and when the engine failed or took too long.
    """
    limit = _seconds(spec, picture)
    with tempfile.TemporaryDirectory(prefix="likeness-") as folder:
        asked, out = Path(folder) / "request.json", Path(folder) / "out"
        asked.write_text(json.dumps(request(spec, picture)), "utf-8")
        try:
            done = subprocess.run(  # noqa: S603  our own module
                [sys.executable, "-P", "-m", "worker.once", str(asked), str(out)],
                env={**os.environ, "LIKENESS_MODELS": str(models.resolve()), "LIKENESS_NONCOMMERCIAL": "true"},
                capture_output=True,
                text=True,
                timeout=limit,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise LocalProblem(f"{spec.name} did not end within {limit:.0f} s") from None
        if done.returncode:
            said = done.stderr.strip().splitlines() or ["it said nothing"]
            raise LocalProblem(f"{spec.name} failed: {said[-1].removeprefix('likeness: ')}")
        return Result.model_validate_json((out / "result.json").read_bytes())


def _seconds(spec: EngineSpec, picture: Path) -> int:
    """Return how long the engine may take, its loading included."""
    try:
        header = peek(picture.read_bytes(), Bounds())
    except (OSError, LikenessError) as error:
        raise LocalProblem(f"{picture} cannot be read: {error}") from error
    return SECONDS_TO_LOAD + spec.bound(Recreate(), header.width, header.height)
