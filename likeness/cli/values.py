"""Values of an engine's parameters, as the commands take them: `NAME=VALUE`."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from likeness.problems import LocalProblem

TEXTS = ("prompt", "negative_prompt", "scheduler", "label", "layer")
"""The parameters that are words; any other is a number."""

Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="A parameter of the engine, as layer=layer2 or top_k=50; may be given many times."),
]
Label = Annotated[str | None, typer.Option(help="The class of what is shown, of those the engine knows.")]


def engine_names(incomplete: str) -> list[str]:
    """Return the engines of the catalogue for a shell to complete; none when it cannot be read."""
    from likeness.contract.catalogue import load_catalogue

    path = os.environ.get("LIKENESS_CATALOGUE")
    try:
        engines = load_catalogue(Path(path) if path else None).engines
    except (OSError, ValueError):
        return []
    return [engine.name for engine in engines if engine.name.startswith(incomplete)]


def assigned(settings: Sequence[str] | None) -> dict[str, str | int | float]:
    """Return the parameters of `--set`. Raises LocalProblem for one that cannot be read."""
    pairs = [(name, text) for name, _, text in (setting.partition("=") for setting in settings or ())]
    try:
        return {name: value_of(name, text) for name, text in pairs}
    except ValueError as error:
        raise LocalProblem(f"--set {' '.join(settings or ())}: NAME=VALUE is needed, as top_k=50") from error


def value_of(name: str, text: str) -> str | int | float:
    """Return the value of a parameter. Raises ValueError when it should be a number and is none, or is missing."""
    if name in TEXTS and text:
        return text
    return int(text) if text.lstrip("-").isdecimal() else float(text)
