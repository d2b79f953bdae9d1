"""The commands that run one image several times: `likeness compare` and `likeness reproduce`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from likeness.cli.options import Complete, Files, Guide, Instruction, Mask, Preserve, Recolour, Style, Text
from likeness.cli.results import print_job, save_images, write
from likeness.cli.sending import Labelling, Sending, sends
from likeness.cli.values import area, colourway, grid, pictures, task_fields
from likeness.problems import LikenessProblem, LocalProblem, SomeFailed

if TYPE_CHECKING:  # heavy: imported when a command runs
    from likeness.client import Client
    from likeness.client.models import RemoteJob


@sends
def compare(
    sending: Sending,
    labelling: Labelling,
    files: Files,
    engine: Annotated[
        list[str],
        typer.Option(help="An engine and values to try: 'starter strength=0,0.3 steps=4'; can be repeated."),
    ],
    instruction: Instruction = None,
    recolour: Recolour = None,
    text: Text = None,
    prompt: Annotated[str | None, typer.Option(help="What the image shows.")] = None,
    mask: Mask = None,
    preserve: Preserve = None,
    style: Style = None,
    guide: Guide = None,
    complete: Complete = None,
    task: Annotated[
        str | None, typer.Option(help="Other fields of what every run does, as a JSON object: '{\"attempts\": 2}'.")
    ] = None,
) -> None:
    """Run images through several engines and settings, and rank the results. Exits 2 if all of one were rejected.

    Without an edit, every run recreates the image.
    """
    from likeness.client import Client

    limit = area(mask)
    fields = {
        "instruction": instruction,
        "recolour": colourway(recolour, mask),
        "text": text,
        "mask": limit if isinstance(limit, str) else None,
        "preserve": preserve,
        "complete": complete,
    }
    edit = {name: value for name, value in fields.items() if value is not None}
    kind = "customise" if edit or mask or style or guide else "recreate"
    asked = {"kind": kind, **edit, **({"prompt": prompt} if prompt else {}), **task_fields(task)}
    with Client(sending.url, sending.key) as client:
        grids = [grid(text) for text in engine]
        parts: dict[str, Any] = {"mask": limit if isinstance(limit, Path) else None, "style_image": style}
        faults: list[str] = []
        for file in pictures(files):
            try:
                job = client.compare(file, grids, asked, guide=guide, **parts, **labelling.fields)
                faults += [] if _show_comparison(client, job, file, sending) else [f"{file}: no run was accepted"]
            except LikenessProblem as problem:
                if problem.status in (0, 401):  # every file would fail in the same way
                    raise
                faults.append(f"{file}: {problem.detail}")
    if faults:
        raise SomeFailed("\n".join(faults))


def _show_comparison(client: "Client", job: "RemoteJob", file: Path, sending: Sending) -> bool:
    """Wait for a comparison, save its images and contact sheet, print its table; return whether one is good enough."""
    from rich.console import Console

    from likeness.cli.progress import LONGEST_WAIT, wait_with_progress
    from likeness.cli.terminal import comparison_table

    console = Console(stderr=sending.as_json)
    job = wait_with_progress(client, job, console, LONGEST_WAIT)
    if job.result is None or job.result.comparison is None:
        raise LocalProblem(f"job {job.id} is not a comparison")
    comparison = job.result.comparison
    names = {run.image: f"{file.stem}-{run.rank}-{run.engine}" for run in comparison.runs if run.image is not None}
    saved = save_images(client, job, sending.out, names)
    sheet = sending.out / f"{file.stem}-sheet.png"
    write(sheet, client.sheet(job))
    if sending.as_json:
        print_job(job, [*saved, sheet])
    else:
        console.print(comparison_table(comparison.runs))
        console.print(*comparison.recommendation.reasons, sep="\n", markup=False)
        console.print(f"results are in {sending.out}/, with the contact sheet {sheet.name}", markup=False)
    return any(run.verdict in ("accepted", "not_judged") for run in comparison.runs)


@sends
def reproduce(
    sending: Sending,
    job: Annotated[str, typer.Argument(help="Id of a job that succeeded.", show_default=False)],
) -> None:
    """Make the images of a job again and report how closely they match. Exits 2 if one differs or failed."""
    from rich.console import Console

    from likeness.cli.progress import LONGEST_WAIT, wait_with_progress
    from likeness.cli.terminal import reproduction_table
    from likeness.client import Client

    console = Console(stderr=sending.as_json)
    with Client(sending.url, sending.key) as client:
        again = wait_with_progress(client, client.reproduce(job), console, LONGEST_WAIT)
        if again.result is None or again.result.reproduction is None:
            raise LocalProblem(f"job {again.id} is not a reproduction")
        images = again.result.reproduction.images
        names = {one.image: f"{job}-{one.original}" for one in images if one.image is not None}
        saved = save_images(client, again, sending.out, names)
    if sending.as_json:
        print_job(again, saved)
    else:
        console.print(reproduction_table(images))
        console.print(f"results are in {sending.out}/", markup=False)
    if any(one.sameness in (None, "different") for one in images):
        raise SomeFailed("not all images were reproduced")
