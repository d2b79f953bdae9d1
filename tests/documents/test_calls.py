"""Every call that a document shows, and every one that documents showed before defaults changed, is taken."""

import json
import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from string import Template
from typing import Any

import pytest

from likeness.cli.demo import CUSTOMISATIONS
from likeness.contract.catalogue import load_catalogue
from likeness.contract.comparison import Compare
from likeness.contract.packshots import Check, Cutout, Packshot
from likeness.contract.runs import plan_of
from likeness.contract.tasks import Customise, Generate, Recreate
from service.docs import examples
from tests.support.places import ROOT

MODELS = {
    "recreate": Recreate,
    "customise": Customise,
    "customize": Customise,
    "compare": Compare,
    "generate": Generate,
    "cutout": Cutout,
    "packshot": Packshot,
    "check": Check,
}
ELSEWHERE = {"runs", "recipe", "recipes"}
"""Fields of calls that need what was saved or sent before, and of batches: the tests of those run them."""
FILES = ("mask", "logo", "control", "style_image", "guide")
SHIPPED = [spec.name for spec in load_catalogue().engines]
BEFORE: list[dict[str, Any]] = [
    {"instruction": "make it red", "guidance_scale": 2, "image_guidance_scale": 1.2, "steps": 6, "seed": 7},
    {"instruction": "make it red", "candidates": 4, "attempts": 3, "keep": "all"},
    {"instruction": "make the picture brighter", "steps": 4, "exact": True},
    {"instruction": "put it on a wood background", "preserve": "product", "candidates": 2},
    {"instruction": "make it larger", "attempts": 2, "seed": 1},
    {"recolour": {"to": "#1F4E79", "mask": "background"}, "guidance_scale": 1.5, "candidates": 8},
    {"text": "Just do it", "strength": 0.15, "guidance_scale": 3, "steps": 10},
    {"logo": "file", "candidates": 2, "seed": 3, "place": {"left": 0.1, "top": 0.1, "width": 0.4, "height": 0.2}},
]
"""Calls that the engines which were the defaults took."""


def shown() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the path and the fields of each call that a page shows as a curl command with a form."""
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        text = page.read_text("utf-8")
        variables = dict(re.findall(r"^([A-Z]+)='([^'\n]*)'$", text, re.MULTILINE))
        for line in re.findall(r"curl [^`\n]*-F [^`\n]*", text):
            path = re.search(r"/(recreate|customise|compare|generate|cutout|packshot|check)(?![\w-])", line)
            words = [Template(word).safe_substitute(variables) for word in shlex.split(line)]
            said = dict(word.partition("=")[::2] for flag, word in pairwise(words) if flag == "-F")
            if ELSEWHERE.isdisjoint(said) and said.get("engine", "starter") in SHIPPED:
                yield path[1] if path else "customise", {name: read(value) for name, value in said.items()}


def read(value: str) -> Any:
    """Return a field of a form: JSON where it is any, a file as the task says it, else the text."""
    try:
        return json.loads(value)
    except ValueError:
        return "file" if value.startswith("@") else value


CALLS = [*shown(), *(("customise", fields) for fields in [*BEFORE, *(fields for _, fields in CUSTOMISATIONS)])]
CALLS += [(body, vars(examples)[body.upper()]) for body in ("recreate", "customise", "compare", "generate")]


@pytest.mark.parametrize(("path", "fields"), CALLS)
def test_a_documented_call_is_taken_by_engines_that_ship(path: str, fields: dict[str, Any]) -> None:
    catalogue = load_catalogue()
    fields = {name: value for name, value in fields.items() if name not in ("image", "webhook")}
    task = MODELS[path].model_validate(fields)
    missing = () if isinstance(task, Generate) and task.prompt else catalogue.missing(())
    assert plan_of(task, catalogue, missing).runs


def test_calls_were_found() -> None:
    assert len(list(shown())) >= 8
