"""The commands of `likeness models`: pull, list, verify and remove the models that engines need."""

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from likeness.cli.options import AsJson, Yes
from likeness.cli.results import print_json
from likeness.problems import LocalProblem

if TYPE_CHECKING:  # heavy: imported when a command runs
    from rich.console import Console

    from likeness.contract.catalogue import Catalogue
    from likeness.contract.engines import EngineSpec, ModelSpec
    from likeness.models.folder import ModelsFolder

app = typer.Typer(help="Manage the models that engines need, pulled from a hub.", no_args_is_help=True)

Folder = Annotated[Path, typer.Option("--models", envvar="LIKENESS_MODELS", help="Folder of the models.")]
FOLDER = Path(".likeness/models")
Names = Annotated[
    list[str],
    typer.Argument(help="Engines, models, or `metrics` (every model that the metrics need).", show_default=False),
]
EXAMPLES = Path("examples")


@app.command()
def pull(names: Names, folder: Folder = FOLDER) -> None:
    """Pull models from the hub: all that an engine needs, or one model. An interrupted pull resumes where it stopped.

    HF_TOKEN gives access to gated repositories; HF_ENDPOINT selects a mirror.
    """
    from rich.console import Console

    from likeness.models.selection import models_for

    catalogue, models = _catalogue(), _folder(folder)
    specs = models_for(catalogue, names)
    if not specs:
        raise LocalProblem(f"{', '.join(names)}: nothing to pull; it ships with Likeness")
    _need_hub()
    _pull_all(specs, models, Console())


def _pull_all(specs: "Sequence[ModelSpec]", models: "ModelsFolder", console: "Console") -> None:
    from likeness.models.display import moving, readable
    from likeness.models.folder import State
    from likeness.models.hub import HubUnreachable
    from likeness.models.pull import pull as pull_one

    for spec in specs:
        if models.state(spec) is not State.INSTALLED:
            announcement = f"{spec.name}: about {readable(spec.size)} from {spec.repository}; licence: {spec.licence}, "
            announcement += f"commercial use: {spec.commercial}"
            console.print(announcement, markup=False, soft_wrap=True)
        try:
            with moving(console, spec.name, spec.size) as watch:
                pulled = pull_one(spec, models, watch)
        except HubUnreachable as problem:
            raise LocalProblem(f"{problem}\n{_by_hand(models.missing(specs), models)}") from problem
        outcome = f"{readable(pulled.size)} at commit {pulled.commit}" if pulled else "already installed"
        console.print(f"{spec.name}: {outcome}", markup=False, soft_wrap=True)


def _by_hand(missing: "Sequence[ModelSpec]", models: "ModelsFolder") -> str:
    from likeness.models.display import readable

    lacking = ", ".join(f"{spec.name} ({readable(spec.size)})" for spec in missing)
    command = f"likeness models pull {' '.join(spec.name for spec in missing)}"
    return (
        f"missing: {lacking}. Run this again when the hub is reachable: it resumes where it stopped. "
        f"Or run `{command}` on a machine that can reach it and copy the folders to {models.root} (docs/models.md)"
    )


@app.command("list")
def list_models(folder: Folder = FOLDER, as_json: AsJson = False) -> None:
    """List the models: state, size, licence, and the engines that need each one."""
    from rich.console import Console

    from likeness.models.display import model_rows, model_table

    rows = model_rows(_catalogue(), _folder(folder))
    if as_json:
        print_json([asdict(row) for row in rows])
    else:
        Console().print(model_table(rows))


@app.command()
def verify(
    names: Annotated[
        list[str] | None, typer.Argument(help="Names of engines or models; omit for all installed ones.")
    ] = None,
    folder: Folder = FOLDER,
    run: Annotated[bool, typer.Option(help="Also run each engine once and print its report.")] = True,
    picture: Annotated[
        Path | None, typer.Option(help="Image to run the engines on; omit for one from examples/.")
    ] = None,
) -> None:
    """Check every file against its sha256, then run each engine once. Exits 1 if anything is wrong."""
    from rich.console import Console

    from likeness.models.folder import State
    from likeness.models.selection import models_for

    catalogue, models, console = _catalogue(), _folder(folder), Console()
    chosen = models_for(catalogue, names) if names else catalogue.model
    states = {spec.name: models.state(spec) for spec in chosen}
    wrong = [f"{name} is not installed" for name, state in states.items() if names and not models.place(name).is_dir()]
    here = [spec for spec in chosen if states[spec.name] not in (State.ABSENT, State.BEGUN)]
    if not here and not wrong:
        console.print(f"no models found in {models.root}", markup=False)
    unknown = [spec.name for spec in here if states[spec.name] is State.FOREIGN]
    for spec in here:
        wrong += _checked(spec, models, console)
    if run and not wrong:
        wrong += _tried(catalogue, here, models, picture, console)
    wrong += [f"{name}: there is no lock.json to check its files against" for name in unknown]
    if wrong:
        raise LocalProblem("\n".join(wrong))


def _checked(spec: "ModelSpec", models: "ModelsFolder", console: "Console") -> list[str]:
    """Return what is wrong with the files of an installed model according to its lock.json, if it has one."""
    from likeness.models.display import moving, readable
    from likeness.models.verify import faults

    lockfile = models.lockfile(spec.name)
    if lockfile is None:
        return []
    with moving(console, spec.name, lockfile.size) as watch:
        found = faults(models.place(spec.name), lockfile, watch)
    if not found:
        newer = "" if lockfile.fits(spec) else "; the catalogue now pins another commit: pull it"
        summary = f"{spec.name}: {len(lockfile.files)} files, {readable(lockfile.size)}, all intact{newer}"
        console.print(summary, markup=False, soft_wrap=True)
    return [f"{spec.name}: {fault}" for fault in found]


def _tried(
    catalogue: "Catalogue",
    here: "Sequence[ModelSpec]",
    models: "ModelsFolder",
    picture: Path | None,
    console: "Console",
) -> list[str]:
    """Run every engine that needs one of these models and has all that it needs; return what failed."""
    from likeness.models.selection import engines_on
    from likeness.models.trial import can_run

    absent = {spec.name for spec in catalogue.model if not models.has(spec)}
    engines = {engine.name: engine for spec in here for engine in engines_on(catalogue, spec.name)}
    ready = [engine for engine in engines.values() if not absent.intersection(engine.needs)]
    if not ready:
        return []
    if not can_run():
        console.print("the worker is not installed here, so no engine was run: pip install 'likeness[worker]'")
        return []
    subject = _picture(picture)
    return [failure for engine in ready if (failure := _run(engine, subject, models, console))]


def _run(engine: "EngineSpec", picture: Path, models: "ModelsFolder", console: "Console") -> str | None:
    """Run an engine once and show its report; return why it failed, or None."""
    from likeness.cli.progress import spinner
    from likeness.cli.terminal import print_report
    from likeness.models.trial import run_once

    try:
        with spinner(console, f"running {engine.name} on {picture.name}"):
            result = run_once(engine, picture, models.root)
    except LocalProblem as problem:
        return str(problem)
    console.print(f"\n{engine.name} on {picture.name}:", markup=False)
    print_report(console, result.images[0].report)
    return None


@app.command()
def remove(names: Names, folder: Folder = FOLDER, yes: Yes = False) -> None:
    """Remove models, and the remains of interrupted pulls. Name models, not engines."""
    from likeness.models.display import readable
    from likeness.models.selection import engines_on, model_named

    catalogue, models = _catalogue(), _folder(folder)
    for spec in [model_named(catalogue, name) for name in names]:
        if not models.has(spec) and not models.unfinished(spec.name).is_dir():
            raise LocalProblem(f"{spec.name} is not installed")
        users = ", ".join(engine.name for engine in engines_on(catalogue, spec.name))
        question = f"Remove {spec.name}?" + (f" These engines need it: {users}" if users else "")
        if not yes and not typer.confirm(question):
            raise LocalProblem(f"{spec.name} was kept")
        freed = models.remove(spec.name)
        typer.echo(f"{spec.name}: removed, {readable(freed)} freed")


def _catalogue() -> "Catalogue":
    from likeness.contract.catalogue import load_catalogue

    path = os.environ.get("LIKENESS_CATALOGUE")
    try:
        return load_catalogue(Path(path) if path else None)
    except (OSError, ValueError) as error:  # TOML's and pydantic's errors are ValueErrors
        raise LocalProblem(f"the catalogue {path} cannot be read: {error}") from error


def _folder(root: Path) -> "ModelsFolder":
    from likeness.models.folder import ModelsFolder

    return ModelsFolder(root)


def _picture(given: Path | None) -> Path:
    picture = given or next(iter(sorted(EXAMPLES.glob("*.jpg"))), None)
    if picture is None or not picture.is_file():
        raise LocalProblem(f"no image to run the engines on: {picture or 'give one with --picture, or --no-run'}")
    return picture


def _need_hub() -> None:
    """Raise LocalProblem if the hub's library is not installed; otherwise turn its telemetry off."""
    from importlib.util import find_spec

    if find_spec("huggingface_hub") is None:
        raise LocalProblem("pulling models needs an extra: pip install 'likeness[models]'")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # read when huggingface_hub is imported
