"""The commands that try things out: `likeness compare` and `likeness reproduce`."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from likeness.cli.make import OUT, REGIONS, URL, AsJson, Complete, Guide, Key, Out, Style, Url, recoloured
from likeness.cli.values import value_of
from likeness.problems import LocalProblem

if TYPE_CHECKING:  # heavy: imported when a command runs
    from likeness.client import Client
    from likeness.client.models import RemoteJob

LONGEST_WAIT = 6 * 3600.0
"""Seconds; the service bounds each run by itself."""


def compare(
    file: Annotated[Path, typer.Argument(help="A picture: PNG, JPEG or WebP.", show_default=False)],
    engine: Annotated[
        list[str],
        typer.Option(help="An engine, with values to try: 'starter strength=0,0.3 steps=4'; may be given many times."),
    ],
    instruction: Annotated[str | None, typer.Option(help="What to change, in words; recreated if not given.")] = None,
    recolour: Annotated[str | None, typer.Option(help="A colour for the product, as #RRGGBB.")] = None,
    text: Annotated[str | None, typer.Option(help="Words to print on the product.")] = None,
    prompt: Annotated[str | None, typer.Option(help="What the picture shows.")] = None,
    mask: Annotated[str | None, typer.Option(help="What may change: product, background, or a picture file.")] = None,
    preserve: Annotated[str | None, typer.Option(help="What stays exactly as it is: product or background.")] = None,
    style: Style = None,
    guide: Guide = None,
    complete: Complete = None,
    as_json: AsJson = False,
    out: Out = OUT,
    url: Url = URL,
    key: Key = None,
) -> None:
    """Run a picture through several engines and values, and rank what they make. Exits 1 when no run was accepted."""
    from likeness.client import Client

    region = mask if mask in REGIONS else None
    wishes = {
        "instruction": instruction,
        "recolour": recoloured(recolour, region),
        "text": text,
        "mask": region,
        "preserve": preserve,
        "complete": complete,
    }
    changes = {name: value for name, value in wishes.items() if value is not None}
    kind = "customise" if changes or mask or style or guide else "recreate"
    task = {"kind": kind, **changes} | ({"prompt": prompt} if prompt else {})
    with Client(url, key) as client:
        area = Path(mask) if mask and not region else None
        grids = [_grid(said) for said in engine]
        job = client.compare(file, grids, task, mask=area, style_image=style, guide=guide)
        _show_comparison(client, job, file, out, as_json)


def _grid(said: str) -> dict[str, Any]:
    """Return an engine and its values as the service takes them. Raises LocalProblem when it cannot be read."""
    name, *settings = said.split()
    try:
        pairs = [(setting.partition("=")[0], setting.partition("=")[2].split(",")) for setting in settings]
        return {
            "engine": name,
            **{parameter: [value_of(parameter, one) for one in values] for parameter, values in pairs},
        }
    except ValueError as error:
        raise LocalProblem(f"--engine {said}: numbers are needed, as 'starter strength=0,0.3 steps=4'") from error


def _show_comparison(client: "Client", job: "RemoteJob", file: Path, out: Path, as_json: bool) -> None:
    """Wait for a comparison, save its pictures and its sheet, and print its table."""
    from rich.console import Console

    from likeness.cli.many import write
    from likeness.cli.terminal import comparison_table, wait_watched

    console = Console(stderr=as_json)
    job = wait_watched(client, job, console, LONGEST_WAIT)
    if job.result is None or job.result.comparison is None:
        raise LocalProblem(f"job {job.id} is no comparison")
    comparison = job.result.comparison
    made = {run.image: f"{file.stem}-{run.rank}-{run.engine}" for run in comparison.runs if run.image is not None}
    saved = save_images(client, job, out, made)
    write(out / f"{file.stem}-sheet.png", client.sheet(job))
    if as_json:
        tell(job, [*saved, out / f"{file.stem}-sheet.png"])
    else:
        console.print(comparison_table(comparison.runs))
        console.print(*comparison.recommendation.reasons, sep="\n", markup=False)
        console.print(f"written to {out}/ with a contact sheet, {file.stem}-sheet.png", markup=False)
    if not any(run.verdict == "accepted" for run in comparison.runs):
        raise LocalProblem("no run was accepted")


def reproduce(
    job: Annotated[str, typer.Argument(help="Id of a job that succeeded.", show_default=False)],
    as_json: AsJson = False,
    out: Out = OUT,
    url: Url = URL,
    key: Key = None,
) -> None:
    """Make the images of a job again and tell how near they came. Exits 1 when one differs or cannot be made."""
    from rich.console import Console

    from likeness.cli.terminal import reproduction_table, wait_watched
    from likeness.client import Client

    console = Console(stderr=as_json)
    with Client(url, key) as client:
        again = wait_watched(client, client.reproduce(job), console, LONGEST_WAIT)
        if again.result is None or again.result.reproduction is None:
            raise LocalProblem(f"job {again.id} is no reproduction")
        images = again.result.reproduction.images
        names = {one.image: f"{job}-{one.original}" for one in images if one.image is not None}
        saved = save_images(client, again, out, names)
    if as_json:
        tell(again, saved)
    else:
        console.print(reproduction_table(images))
        console.print(f"written to {out}/", markup=False)
    if any(one.sameness in (None, "different") for one in images):
        raise LocalProblem("not every image came back as it was")


def save_images(client: "Client", job: "RemoteJob", out: Path, named: Mapping[int, str]) -> list[Path]:
    """Write the images of a job, each under its name, and return where. Raises LocalProblem."""
    from likeness.cli.many import SUFFIXES

    images: Sequence[Any] = job.result.images if job.result else ()
    return [
        client.save(job, out / f"{name}{SUFFIXES.get(images[number].format, '')}", number)
        for number, name in named.items()
    ]


def tell(job: "RemoteJob", files: Sequence[Path]) -> None:
    """Print a job, and the files it was saved to, as JSON."""
    typer.echo(json.dumps({**job.model_dump(mode="json"), "files": [str(file) for file in files]}, indent=2))
