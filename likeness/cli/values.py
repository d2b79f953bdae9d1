"""Parse the text of options into values of a request."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from likeness.problems import LocalProblem

TEXTS: Final = ("prompt", "negative_prompt", "scheduler", "label", "layer")
"""The engine parameters that are text; all others are numbers."""
ENDINGS: Final = (".png", ".jpg", ".jpeg", ".webp")
REGIONS: Final = ("product", "background")
PLACE: Final = ("left", "top", "width", "height")
SIZE: Final = re.compile(r"(\d{1,5})x(\d{1,5})")


def parameters(settings: Sequence[str] | None, **own: Any) -> dict[str, Any]:  # noqa: ANN401  values of options
    """Return the engine parameters: those that have an option of their own, and over them those of `--set`.

    Raises LocalProblem if a setting is not NAME=VALUE.
    """
    given = [(name, text) for name, _, text in (setting.partition("=") for setting in settings or ())]
    try:
        return {**own, **{name: parameter(name, text) for name, text in given}}
    except ValueError as error:
        raise LocalProblem(f"--set {' '.join(settings or ())}: expected NAME=VALUE, such as top_k=50") from error


def parameter(name: str, text: str) -> str | int | float:
    """Return the value of an engine parameter. Raises ValueError if it is missing or should be a number."""
    if name in TEXTS and text:
        return text
    return int(text) if text.lstrip("-").isdecimal() else float(text)


def pairs(option: str, texts: Sequence[str] | None) -> dict[str, str] | None:
    """Return NAME=VALUE texts as a dictionary. Raises LocalProblem if one is malformed or a name is given twice."""
    if not texts:
        return None
    found: dict[str, str] = {}
    for name, equals, value in (text.partition("=") for text in texts):
        if not (name and equals) or name in found:
            raise LocalProblem(f"{option} {name}{equals}{value}: expected NAME=VALUE, each name once")
        found[name] = value
    return found


def thresholds(texts: Sequence[str] | None) -> dict[str, Any] | None:
    """Return the `thresholds` of NAME=NUMBER, NAME=none or gates=JSON. Raises LocalProblem if one is malformed."""
    return {
        name: _json("--threshold", name, value) for name, value in (pairs("--threshold", texts) or {}).items()
    } or None


def loras(texts: Sequence[str] | None) -> list[dict[str, Any]] | None:
    """Return the `loras` of NAME or NAME=WEIGHT. Raises LocalProblem if a weight is no number."""
    named = [text if "=" in text else f"{text}=1" for text in texts or ()]
    return [{"name": name, "weight": _json("--lora", name, weight)} for name, _, weight in map(_split, named)] or None


def _split(text: str) -> tuple[str, str, str]:
    return text.partition("=")


def _json(option: str, name: str, text: str) -> Any:  # noqa: ANN401  any JSON value
    try:
        return json.loads("null" if text == "none" else text)
    except ValueError as error:
        raise LocalProblem(f"{option} {name}={text}: expected a number") from error


def task_fields(text: str | None) -> dict[str, Any]:
    """Return the JSON object of `--task`, empty without one. Raises LocalProblem if it is none."""
    try:
        found = json.loads(text or "{}")
    except ValueError as error:
        raise LocalProblem(f"--task {text}: not JSON") from error
    if not isinstance(found, dict):
        raise LocalProblem(f"--task {text}: expected a JSON object")
    return found


def pictures(sources: Sequence[Path]) -> list[Path]:
    """Return the image files among the paths given and in the folders given, sorted. Raises LocalProblem for none."""
    found = [file for source in sources for file in (_in_folder(source) if source.is_dir() else [source])]
    if not found:
        raise LocalProblem(f"no image in {', '.join(map(str, sources))}: PNG, JPEG and WebP are taken")
    return found


def _in_folder(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in ENDINGS and file.is_file())


def grid(text: str) -> dict[str, Any]:
    """Return the engine and values of 'starter strength=0,0.3 steps=4'. Raises LocalProblem if they are malformed."""
    name, *settings = text.split()
    try:
        pairs = [(setting.partition("=")[0], setting.partition("=")[2].split(",")) for setting in settings]
        values = {key: [parameter(key, one) for one in several] for key, several in pairs}
    except ValueError as error:
        raise LocalProblem(f"--engine {text}: expected numbers, as in 'starter strength=0,0.3 steps=4'") from error
    return {"engine": name, **values}


def edits(texts: Sequence[str] | None) -> list[dict[str, Any]] | None:
    """Return the `edits` of `--edit`, each in words or as JSON. Raises LocalProblem if the JSON is malformed."""
    return [_edit(text) for text in texts] if texts else None


def _edit(text: str) -> dict[str, Any]:
    if not text.lstrip().startswith("{"):
        return {"instruction": text}
    try:
        fields: dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise LocalProblem(f"--edit {text}: expected words or a JSON object") from error
    return fields


def colourway(colour: str | None, mask: str | None) -> dict[str, str] | None:
    """Return the `recolour` field; it applies to the region given as the mask, if any."""
    if colour is None:
        return None
    return {"to": colour, "mask": mask} if mask in REGIONS else {"to": colour}


def area(mask: str | None) -> str | Path | None:
    """Return a mask as the client takes it: the name of a region, or the path of an image."""
    return Path(mask) if mask and mask not in REGIONS else mask or None


def place(text: str | None) -> dict[str, float] | None:
    """Return the `place` field of left,top,width,height. Raises LocalProblem if it is not four numbers."""
    if text is None:
        return None
    try:
        return dict(zip(PLACE, map(float, text.split(",")), strict=True))
    except ValueError as error:
        raise LocalProblem(f"--place {text}: expected four numbers, such as 0.3,0.4,0.4,0.2") from error


def sides(size: str | None) -> tuple[int | None, int | None]:
    """Return width and height, in px, of a size such as 512x768. Raises LocalProblem if it is malformed."""
    if size is None:
        return None, None
    found = SIZE.fullmatch(size.lower())
    if found is None:
        raise LocalProblem(f"--size {size}: expected WIDTHxHEIGHT in px, such as 512x768")
    return int(found[1]), int(found[2])
