"""`likeness doctor`: what will run on this machine, what will not, and the next command."""

import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from likeness.cli.models import FOLDER, Folder
from likeness.cli.options import HOME, URL, AsJson, Home, Url
from likeness.cli.results import print_json
from likeness.problems import LocalProblem

if TYPE_CHECKING:
    from rich.console import Console

    from likeness.doctor.examine import Examination

COLOURS = {"ok": "green", "note": "dim", "warning": "yellow", "problem": "red"}
ELSEWHERE = ("LIKENESS_BIND", "LIKENESS_TEST_ENGINE", "LIKENESS_TEST_CONTAINERS")
"""Variables that compose files and tests read, and no program of ours."""


def doctor(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="List every engine, also those that do not run.")] = False,
    folder: Folder = FOLDER,
    home: Home = HOME,
    url: Url = URL,
    as_json: AsJson = False,
) -> None:
    """Look at this machine: what will run, what will not, and what to do next. Exits 1 if something fails.

    Looks at programs, GPU, driver, memory, disks, models, settings, service, queue and store, and changes nothing.
    """
    from rich.console import Console

    from likeness.cli.progress import spinner
    from likeness.contract.catalogue import load_catalogue
    from likeness.doctor.examine import examine

    path = os.environ.get("LIKENESS_CATALOGUE")
    try:
        catalogue = load_catalogue(Path(path) if path else None)
    except (OSError, ValueError) as error:
        raise LocalProblem(f"the catalogue {path} cannot be read: {error}") from error
    console, known = Console(), {*ELSEWHERE, *_variables(context.find_root().command)}
    with spinner(Console(stderr=True), "looking at this machine"):
        found = examine(catalogue, folder, home, url, os.environ, known)
    if as_json:
        print_json(asdict(found) | {"healthy": found.healthy})
    else:
        _show(console, found, every)
    if not found.healthy:
        raise typer.Exit(1)


def _variables(command: Any) -> Iterator[str]:  # noqa: ANN401  click's own classes, which typer does not name
    """Yield the variables that a command and those below it read."""
    for parameter in command.params:
        if parameter.envvar:
            yield from [parameter.envvar] if isinstance(parameter.envvar, str) else parameter.envvar
    for below in getattr(command, "commands", {}).values():
        yield from _variables(below)


def _show(console: "Console", found: "Examination", every: bool) -> None:
    from rich.markup import escape

    for one in found.findings:
        colour = COLOURS[one.standing]
        console.print(f"[{colour}]{one.standing:8}[/] {one.name:9} {escape(one.said)}", soft_wrap=True, highlight=False)
    if found.edits:
        console.print("\nwhat goes to which engine where none is named:")
        for edit in found.edits:
            line = f"  {edit.of:12} {edit.engine or '-':24} {edit.why}"
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    if every:
        console.print("\nengines:")
        for engine in found.engines:
            line = f"  {engine.name:24} {'runs' if engine.runs else '-':5} {engine.said}".rstrip()
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    if found.next:
        console.print("\nnext:")
        for command, reason in found.next.items():
            console.print(f"  {command}\n      {reason}", markup=False, highlight=False, soft_wrap=True)
