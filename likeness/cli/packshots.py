"""The commands `likeness cutout`, `likeness packshot` and `likeness check`, for any number of files and folders."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from likeness.cli.make import run_all
from likeness.cli.options import Files
from likeness.cli.sending import Labelling, Sending, sends
from likeness.cli.values import place as place_of
from likeness.problems import LocalProblem

if TYPE_CHECKING:  # heavy: imported when a command runs
    from likeness.cli.many import Outcome

Mask = Annotated[Path | None, typer.Option(help="Image that is white where the product is; overrules what is found.")]
Preset = Annotated[
    str | None, typer.Option(help="Marketplace: amazon-main, google-shopping, walmart, ebay, shopify, or your own.")
]


@sends
def cutout(
    sending: Sending,
    labelling: Labelling,
    files: Files,
    mask: Mask = None,
    matte: Annotated[bool, typer.Option(help="Save the matte alone: white where the product is.")] = False,
    picture_format: Annotated[str | None, typer.Option("--format", help="png or webp.")] = None,
) -> None:
    """Cut products out of images through a running service. Exits 2 if some failed or were rejected."""
    fields = {"mask": mask, "matte": matte or None, "format": picture_format}
    run_all("cutout", files, {**fields, **labelling.fields}, sending)


@sends
def packshot(
    sending: Sending,
    labelling: Labelling,
    files: Files,
    preset: Preset = None,
    background: Annotated[
        str | None, typer.Option(help="white, transparent, #rrggbb, a colour of CSS, or an image file.")
    ] = None,
    size: Annotated[str | None, typer.Option(help="WIDTHxHEIGHT in px, such as 2000x2000.")] = None,
    fill: Annotated[float | None, typer.Option(help="Share of the frame that the product takes, 0.1 to 1.")] = None,
    align: Annotated[str | None, typer.Option(help="centre or bottom.")] = None,
    shadow: Annotated[str | None, typer.Option(help="none, contact, cast, keep or reflection.")] = None,
    angle: Annotated[float | None, typer.Option(help="Where a cast shadow falls to, in degrees.")] = None,
    straighten: Annotated[str | None, typer.Option(help="Degrees to turn clockwise, or auto.")] = None,
    white_balance: Annotated[
        str | None, typer.Option(help="auto, or a grey patch: left,top,width,height, each 0 to 1.")
    ] = None,
    picture_format: Annotated[str | None, typer.Option("--format", help="jpeg, png or webp.")] = None,
    quality: Annotated[int | None, typer.Option(help="1 to 100, of jpeg and webp.")] = None,
    max_bytes: Annotated[int | None, typer.Option(help="Largest file, in bytes.")] = None,
    profile: Annotated[str | None, typer.Option(help="srgb or same.")] = None,
    upscale: Annotated[str | None, typer.Option(help="never or faithful.")] = None,
    mask: Mask = None,
) -> None:
    """Make packshots of images through a running service. Exits 2 if some failed or were rejected."""
    fields = {
        "preset": preset,
        "background": _background(background),
        "size": size,
        "fill": fill,
        "align": align,
        "shadow": shadow,
        "angle": angle,
        "straighten": _number(straighten),
        "white_balance": white_balance if white_balance == "auto" else place_of(white_balance),
        "format": picture_format,
        "quality": quality,
        "max_bytes": max_bytes,
        "profile": profile,
        "upscale": upscale,
        "mask": mask,
    }
    run_all("packshot", files, {**fields, **labelling.fields}, sending)


@sends
def check(
    sending: Sending,
    labelling: Labelling,
    files: Files,
    preset: Annotated[str, typer.Option(help="Marketplace whose rules are judged by, such as amazon-main.")],
    made_by_ai: Annotated[
        bool | None, typer.Option("--made-by-ai/--not-made-by-ai", help="Whether a generative model made it.")
    ] = None,
    page: Annotated[Path | None, typer.Option(help="Also save a page (HTML) with the offending pixels marked.")] = None,
    mask: Mask = None,
) -> None:
    """Judge images by the rules of a marketplace; saves them with the offending pixels marked. Exits 2 if some fail."""
    from rich.console import Console

    from likeness.cli.compliance import compliance_table, save_page

    fields = {"preset": preset, "made_by_ai": made_by_ai, "mask": mask}
    console = Console(stderr=sending.as_json)

    def shown(outcomes: "Sequence[Outcome]") -> None:
        for outcome in outcomes:
            if not sending.as_json and outcome.report and outcome.report.compliance:
                console.print(compliance_table(outcome.file.name, outcome.report.compliance))
        if page:
            save_page(page, outcomes)

    run_all("check", files, {**fields, **labelling.fields}, sending, shown)


def _background(text: str | None) -> str | Path | None:
    """Return a background as the client takes it: a colour, or the path of an image."""
    from likeness.contract.packshots import is_background

    return text if text is None or is_background(text) else Path(text)


def _number(text: str | None) -> float | str | None:
    """Return degrees, or `auto`. Raises LocalProblem for anything else."""
    if text in (None, "auto"):
        return text
    try:
        return float(text or "")
    except ValueError as error:
        raise LocalProblem(f"--straighten {text}: expected degrees, or auto") from error
