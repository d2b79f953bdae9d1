"""The commands `likeness recreate` and `likeness customise`, for any number of files."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from likeness.cli.options import (
    Candidates,
    Complete,
    Controls,
    Edits,
    Engine,
    Files,
    GuidanceScale,
    Guide,
    Instruction,
    Label,
    Mask,
    Parameters,
    Preserve,
    Recolour,
    Seed,
    Steps,
    Strength,
    Style,
    Text,
)
from likeness.cli.results import print_json
from likeness.cli.sending import Sending, sends
from likeness.cli.values import area, colourway, edits, parameters
from likeness.cli.values import place as place_of
from likeness.problems import LocalProblem

if TYPE_CHECKING:  # heavy: imported when a command runs
    from likeness.cli.many import Kind, Outcome


@sends
def recreate(
    sending: Sending,
    files: Files,
    engine: Engine = None,
    picture_format: Annotated[str, typer.Option("--format", help="same, png, jpeg or webp.")] = "same",
    settings: Parameters = None,
    seed: Seed = None,
) -> None:
    """Recreate images through a running service. Exits 1 if one failed or was rejected."""
    fields = {"engine": engine, "format": picture_format, **parameters(settings, seed=seed)}
    run_all("recreate", files, fields, sending)


@sends
def customise(
    sending: Sending,
    files: Files,
    instruction: Instruction = None,
    edit: Edits = None,
    recolour: Recolour = None,
    text: Text = None,
    logo: Annotated[Path | None, typer.Option(help="Image to print on the product.")] = None,
    prompt: Annotated[str | None, typer.Option(help="What the redrawn part of the image shows.")] = None,
    mask: Mask = None,
    preserve: Preserve = None,
    control: Controls = None,
    place: Annotated[str | None, typer.Option(help="Where to print: left,top,width,height, each 0 to 1.")] = None,
    style: Style = None,
    guide: Guide = None,
    background: Annotated[
        Path | None, typer.Option(help="Image before which a packshot among the edits is placed, as its 'file'.")
    ] = None,
    complete: Complete = None,
    flatten: Annotated[str | None, typer.Option(help="Colour to lay a cut-out on, as #RRGGBB.")] = None,
    label: Label = None,
    engine: Engine = None,
    strength: Strength = None,
    guidance_scale: GuidanceScale = None,
    steps: Steps = None,
    settings: Parameters = None,
    seed: Seed = None,
    candidates: Candidates = None,
    attempts: Annotated[int | None, typer.Option(help="Maximum attempts until a result is not rejected.")] = None,
    picture_format: Annotated[str | None, typer.Option("--format", help="same, png, jpeg or webp.")] = None,
) -> None:
    """Edit images through a running service. Exits 1 if one failed or was rejected.

    Give one of --instruction, --recolour, --text, --logo, --style, --guide, --complete and --prompt, or several --edit.
    """
    fields = {
        "instruction": instruction,
        "edits": edits(edit),
        "recolour": colourway(recolour, mask),
        "text": text,
        "logo": logo,
        "prompt": prompt,
        "mask": area(mask),
        "preserve": preserve,
        "controls": [{"kind": kind} for kind in control] if control else None,
        "place": place_of(place),
        "style_image": style,
        "guide": guide,
        "background": background,
        "complete": complete,
        "flatten": flatten,
        "engine": engine,
        "candidates": candidates,
        "attempts": attempts,
        "format": picture_format,
        **parameters(settings, label=label, strength=strength, guidance_scale=guidance_scale, steps=steps, seed=seed),
    }
    run_all("customise", files, fields, sending)


def run_all(
    kind: "Kind",
    files: Sequence[Path],
    fields: Mapping[str, Any],
    sending: Sending,
    shown: "Callable[[Sequence[Outcome]], None] | None" = None,
) -> None:
    """Submit every file with the same fields and show the outcomes; `shown` then shows more of them.

    Raises LocalProblem if one failed or was rejected.
    """
    from rich.console import Console

    from likeness.cli.many import PictureRequest, Runner
    from likeness.cli.progress import run_with_progress
    from likeness.cli.terminal import outcome_table
    from likeness.client import Client

    console = Console(stderr=sending.as_json)
    requests = [PictureRequest(file, kind, fields) for file in files]
    with Client(sending.url, sending.key) as client:
        outcomes = run_with_progress(Runner(client, sending.out), requests, console)
    if sending.as_json:
        print_json([outcome.as_json() for outcome in outcomes])
    else:
        console.print(outcome_table(outcomes))
    if shown:
        shown(outcomes)
    faults = [f"{outcome.file}: {'; '.join(outcome.faults)}" for outcome in outcomes if outcome.faults]
    if faults:
        raise LocalProblem("\n".join(faults))
    if not sending.as_json:
        console.print(f"results are in {sending.out}/", markup=False)
