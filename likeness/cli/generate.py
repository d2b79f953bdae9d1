"""The command `likeness generate`, for images without an original."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from likeness.cli.results import print_job, save_images
from likeness.cli.sending import Labelling, Making, Sending, sends
from likeness.cli.values import sides
from likeness.problems import SomeFailed

if TYPE_CHECKING:  # heavy: imported when a command runs
    from likeness.client.models import RemoteJob

LONGEST_NAME: Final = 40
"""Characters of the prompt that a file name starts with, at most."""


@sends
def generate(
    sending: Sending,
    labelling: Labelling,
    making: Making,
    prompt: Annotated[
        str | None, typer.Argument(help="What the image shows; not all engines take one.", show_default=False)
    ] = None,
    size: Annotated[
        str | None, typer.Option(help="WIDTHxHEIGHT in px; omit for the engine's native square size.")
    ] = None,
    picture_format: Annotated[str | None, typer.Option("--format", help="png, jpeg or webp.")] = None,
) -> None:
    """Generate a new image through a running service. Exits 2 if it failed or was rejected."""
    from rich.console import Console

    from likeness.cli.progress import LONGEST_WAIT, wait_with_progress
    from likeness.client import Client

    width, height = sides(size)
    sizes = {"width": width, "height": height, "format": picture_format}
    fields: dict[str, Any] = {**sizes, **making.fields, **labelling.fields}
    console = Console(stderr=sending.as_json)
    with Client(sending.url, sending.key) as client:
        job = wait_with_progress(client, client.generate(prompt, **fields), console, LONGEST_WAIT)
        names = file_names(prompt or making.label or "", job)
        saved = save_images(client, job, sending.out, names)
    if sending.as_json:
        print_job(job, saved)
    else:
        console.print(*lines(job, names), f"results are in {sending.out}/", sep="\n", markup=False, highlight=False)
    if job.result and job.result.images[0].report.verdict == "rejected":
        raise SomeFailed("; ".join(job.result.images[0].report.reasons))


def file_names(text: str, job: "RemoteJob") -> dict[int, str]:
    """Return a file name without suffix for each image of a job, from the prompt, the engine and the seed."""
    if job.result is None:
        return {}
    words = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:LONGEST_NAME].strip("-") or "picture"
    engine = job.result.engine["name"]
    return {number: f"{words}-{engine}-{image.seed}" for number, image in enumerate(job.result.images)}


def lines(job: "RemoteJob", names: Mapping[int, str]) -> list[str]:
    """Return a line for each image of a job: its name, size, clip_score if known, and verdict."""
    images = job.result.images if job.result else []
    printed = []
    for number, image in enumerate(images):
        score = image.report.score("clip_score")
        clip = "" if score is None else f"  clip_score {score:.3f}"
        printed.append(f"{names[number]}  {image.width}x{image.height}{clip}  {image.report.verdict}")
    return printed
