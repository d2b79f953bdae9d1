"""The command that makes new pictures: `likeness generate`."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from likeness.cli.compare import LONGEST_WAIT, save_images, tell
from likeness.cli.make import OUT, URL, AsJson, Engine, GuidanceScale, Key, Out, Seed, Steps, Url
from likeness.cli.values import Label, Set, assigned
from likeness.problems import LocalProblem

if TYPE_CHECKING:  # heavy: imported when a command runs
    from likeness.client.models import RemoteJob

SIZE: Final = re.compile(r"(\d{1,5})x(\d{1,5})")
LONGEST_NAME: Final = 40
"""Characters of what is shown that a file is named by."""


def generate(
    prompt: Annotated[
        str | None, typer.Argument(help="What the picture shows; not with every engine.", show_default=False)
    ] = None,
    negative_prompt: Annotated[str | None, typer.Option(help="What it must not show.")] = None,
    size: Annotated[str | None, typer.Option(help="WIDTHxHEIGHT in px; the engine's own square if not given.")] = None,
    label: Label = None,
    engine: Engine = None,
    guidance_scale: GuidanceScale = None,
    steps: Steps = None,
    scheduler: Annotated[str | None, typer.Option(help="The solver that takes the steps.")] = None,
    settings: Set = None,
    seed: Seed = None,
    candidates: Annotated[int | None, typer.Option(help="How many to make.")] = None,
    keep: Annotated[str | None, typer.Option(help="Which of them to write: best or all.")] = None,
    picture_format: Annotated[str | None, typer.Option("--format", help="png, jpeg or webp.")] = None,
    as_json: AsJson = False,
    out: Out = OUT,
    url: Url = URL,
    key: Key = None,
) -> None:
    """Make a new picture through a running service. Exits 1 when it failed or was rejected."""
    from rich.console import Console

    from likeness.cli.terminal import wait_watched
    from likeness.client import Client

    width, height = sides(size)
    fields: dict[str, Any] = {
        "negative_prompt": negative_prompt,
        "width": width,
        "height": height,
        "label": label,
        "engine": engine,
        "guidance_scale": guidance_scale,
        "steps": steps,
        "scheduler": scheduler,
        "seed": seed,
        "candidates": candidates,
        "keep": keep,
        "format": picture_format,
        **assigned(settings),
    }
    console = Console(stderr=as_json)
    with Client(url, key) as client:
        job = wait_watched(client, client.generate(prompt, **fields), console, LONGEST_WAIT)
        names = names_of(prompt or label or "", job)
        saved = save_images(client, job, out, names)
    if as_json:
        tell(job, saved)
    else:
        console.print(*lines(job, names), f"written to {out}/", sep="\n", markup=False, highlight=False)
    if job.result and job.result.images[0].report.verdict == "rejected":
        raise LocalProblem("; ".join(job.result.images[0].report.reasons))


def sides(size: str | None) -> tuple[int | None, int | None]:
    """Return width and height of a size as 512x768. Raises LocalProblem when it is none."""
    if size is None:
        return None, None
    found = SIZE.fullmatch(size.lower())
    if found is None:
        raise LocalProblem(f"--size {size}: WIDTHxHEIGHT in px is needed, as 512x768")
    return int(found[1]), int(found[2])


def names_of(shown: str, job: "RemoteJob") -> dict[int, str]:
    """Return a file name without ending for each image of a job: what it shows, the engine and the seed."""
    if job.result is None:
        return {}
    words = re.sub(r"[^a-z0-9]+", "-", shown.lower()).strip("-")[:LONGEST_NAME].strip("-") or "picture"
    engine = job.result.engine["name"]
    return {number: f"{words}-{engine}-{image.seed}" for number, image in enumerate(job.result.images)}


def lines(job: "RemoteJob", names: Mapping[int, str]) -> list[str]:
    """Return a line for each image of a job: its name, size, clip_score where there is one, and verdict."""
    images = job.result.images if job.result else []
    told = []
    for number, image in enumerate(images):
        score = image.report.score("clip_score")
        clip = "" if score is None else f"  clip_score {score:.3f}"
        told.append(f"{names[number]}  {image.width}x{image.height}{clip}  {image.report.verdict}")
    return told
