"""The commands `likeness recreate` and `likeness customise`, for any number of files."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from likeness.cli.options import (
    Complete,
    Controls,
    Edits,
    Files,
    Guide,
    Images,
    Instruction,
    Mask,
    Preserve,
    Recolour,
    Style,
)
from likeness.cli.results import print_line
from likeness.cli.sending import FromImage, Labelling, Making, Printing, Sending, sends
from likeness.cli.values import area, colourway, edits, pictures
from likeness.problems import SomeFailed

if TYPE_CHECKING:  # heavy: imported when a command runs
    from likeness.cli.many import Kind, Outcome

Format = Annotated[str | None, typer.Option("--format", help="same, png, jpeg or webp.")]


@sends
def recreate(
    sending: Sending,
    labelling: Labelling,
    making: Making,
    from_image: FromImage,
    files: Files,
    prompt: Annotated[str | None, typer.Option(help="What the image shows.")] = None,
    picture_format: Format = None,
) -> None:
    """Recreate images through a running service. Exits 2 if some failed or were rejected."""
    fields = {"prompt": prompt, "format": picture_format, **from_image.fields, **making.fields}
    run_all("recreate", files, {**fields, **labelling.fields}, sending)


@sends
def customise(
    sending: Sending,
    labelling: Labelling,
    making: Making,
    from_image: FromImage,
    printing: Printing,
    files: Files,
    instruction: Instruction = None,
    edit: Edits = None,
    recolour: Recolour = None,
    prompt: Annotated[str | None, typer.Option(help="What the redrawn part of the image shows.")] = None,
    mask: Mask = None,
    preserve: Preserve = None,
    control: Controls = None,
    control_map: Annotated[Path | None, typer.Option(help="A finished map for the first --control.")] = None,
    style: Style = None,
    guide: Guide = None,
    images: Images = None,
    background: Annotated[
        Path | None, typer.Option(help="Image before which a packshot among the edits is placed, as its 'file'.")
    ] = None,
    complete: Complete = None,
    flatten: Annotated[str | None, typer.Option(help="Colour to lay a cut-out on, as #RRGGBB.")] = None,
    lossy_lock: Annotated[
        bool, typer.Option("--lossy-lock", help="Return a JPEG although an area is protected.")
    ] = False,
    source_prompt: Annotated[str | None, typer.Option(help="What the original shows, for the report.")] = None,
    target_prompt: Annotated[str | None, typer.Option(help="What the result should show, for the report.")] = None,
    picture_format: Format = None,
) -> None:
    """Edit images through a running service. Exits 2 if some failed or were rejected.

    Give one of --instruction, --recolour, --text, --logo, --style, --guide, --complete and --prompt, or several --edit;
    or a --recipe that has one.
    """
    fields = {
        "instruction": instruction,
        "edits": edits(edit),
        "recolour": colourway(recolour, mask),
        "prompt": prompt,
        "mask": area(mask),
        "preserve": preserve,
        "controls": [{"kind": kind} for kind in control] if control else None,
        "control": control_map,
        "style_image": style,
        "guide": guide,
        **({"images": images} if images else {}),
        "background": background,
        "complete": complete,
        "flatten": flatten,
        "lossy_lock": lossy_lock or None,
        "source_prompt": source_prompt,
        "target_prompt": target_prompt,
        "format": picture_format,
        **printing.fields,
        **from_image.fields,
        **making.fields,
    }
    run_all("customise", files, {**fields, **labelling.fields}, sending)


def run_all(
    kind: "Kind",
    sources: Sequence[Path],
    fields: Mapping[str, Any],
    sending: Sending,
    shown: "Callable[[Sequence[Outcome]], None] | None" = None,
) -> None:
    """Submit every image, those of folders too, with the same fields and show the outcomes; `shown` shows more of them.

    Raises SomeFailed if one failed or was rejected.
    """
    from rich.console import Console

    from likeness.cli.many import PictureRequest, Runner
    from likeness.cli.progress import run_with_progress
    from likeness.cli.terminal import outcome_table
    from likeness.client import Client

    console = Console(stderr=sending.as_json)
    requests = [PictureRequest(file, kind, fields) for file in pictures(sources)]

    def ended(outcome: "Outcome") -> None:
        if sending.as_json:
            print_line(outcome.as_json())

    with Client(sending.url, sending.key) as client:
        outcomes = run_with_progress(Runner(client, sending.out), requests, console, ended)
    if not sending.as_json:
        console.print(outcome_table(outcomes))
    if shown:
        shown(outcomes)
    faults = [f"{outcome.file}: {'; '.join(outcome.faults)}" for outcome in outcomes if outcome.faults]
    if faults:
        raise SomeFailed("\n".join(faults))
    if not sending.as_json:
        console.print(f"results are in {sending.out}/", markup=False)
