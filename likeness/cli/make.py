"""The commands that make pictures: `likeness recreate` and `likeness customise`."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from likeness.cli.values import Label, Set, assigned, engine_names
from likeness.problems import LocalProblem

if TYPE_CHECKING:  # heavy: imported when a command runs
    from likeness.cli.many import Wish

Url = Annotated[str, typer.Option(envvar="LIKENESS_URL", help="Address of the service.")]
Key = Annotated[str | None, typer.Option(envvar="LIKENESS_KEY", help="API key.", show_default=False)]
URL = "http://127.0.0.1:8000"
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

Files = Annotated[list[Path], typer.Argument(help="Pictures: PNG, JPEG or WebP.", show_default=False)]
Out = Annotated[Path, typer.Option(help="Folder for the pictures that are made.")]
OUT = Path("out")
Engine = Annotated[str | None, typer.Option(help="Engine; the default one if not given.", autocompletion=engine_names)]
Seed = Annotated[int | None, typer.Option(help="Seed of the first candidate.")]
Controls = Annotated[
    list[str] | None, typer.Option(help="What to keep to: canny, soft_edge, line_art or depth; may be repeated.")
]
Style = Annotated[Path | None, typer.Option("--style", help="A picture whose style is taken over.")]
Guide = Annotated[Path | None, typer.Option(help="The picture as painted over; may be transparent elsewhere.")]
Complete = Annotated[float | None, typer.Option(help="Share of the height that stays, 0.1 to 0.9; the rest is new.")]
Strength = Annotated[float | None, typer.Option(help="0 keeps the picture, 1 forgets it.")]
GuidanceScale = Annotated[float | None, typer.Option(help="How strongly the words are followed.")]
Steps = Annotated[int | None, typer.Option(help="Denoising steps.")]
REGIONS = ("product", "background")
SIDES = ("left", "top", "width", "height")


def recreate(
    files: Files,
    out: Out = OUT,
    url: Url = URL,
    key: Key = None,
    engine: Engine = None,
    picture_format: Annotated[str, typer.Option("--format", help="same, png, jpeg or webp.")] = "same",
    settings: Set = None,
    seed: Seed = None,
    as_json: AsJson = False,
) -> None:
    """Recreate pictures through a running service. Exits 1 when one failed or was rejected."""
    from likeness.cli.many import Wish

    fields = {"engine": engine, "format": picture_format, "seed": seed, **assigned(settings)}
    _make([Wish(file, "recreate", fields) for file in files], out, url, key, as_json)


def customise(
    files: Files,
    instruction: Annotated[str | None, typer.Option(help="What to change, in words.")] = None,
    recolour: Annotated[str | None, typer.Option(help="A colour for the product, as #RRGGBB.")] = None,
    text: Annotated[str | None, typer.Option(help="Words to print on the product.")] = None,
    logo: Annotated[Path | None, typer.Option(help="A picture to print on the product.")] = None,
    prompt: Annotated[str | None, typer.Option(help="What the picture shows, where it is made anew.")] = None,
    mask: Annotated[str | None, typer.Option(help="What may change: product, background, or a picture file.")] = None,
    preserve: Annotated[str | None, typer.Option(help="What stays exactly as it is: product or background.")] = None,
    control: Controls = None,
    place: Annotated[str | None, typer.Option(help="Where to print: left,top,width,height, each 0 to 1.")] = None,
    style: Style = None,
    guide: Guide = None,
    complete: Complete = None,
    label: Label = None,
    engine: Engine = None,
    strength: Strength = None,
    guidance_scale: GuidanceScale = None,
    steps: Steps = None,
    settings: Set = None,
    seed: Seed = None,
    candidates: Annotated[int | None, typer.Option(help="How many to make, to keep the best.")] = None,
    attempts: Annotated[int | None, typer.Option(help="How often to try until one is accepted.")] = None,
    picture_format: Annotated[str | None, typer.Option("--format", help="same, png, jpeg or webp.")] = None,
    out: Out = OUT,
    as_json: AsJson = False,
    url: Url = URL,
    key: Key = None,
) -> None:
    """Customise pictures through a running service. Exits 1 when one failed or was rejected.

    Give one of --instruction, --recolour, --text, --logo, --style, --guide, --complete and --prompt.
    """
    from likeness.cli.many import Wish

    fields = {
        "instruction": instruction,
        "recolour": recoloured(recolour, mask),
        "text": text,
        "logo": logo,
        "prompt": prompt,
        "mask": masked(mask),
        "preserve": preserve,
        "controls": [{"kind": kind} for kind in control] if control else None,
        "place": _box(place),
        "style_image": style,
        "guide": guide,
        "complete": complete,
        "label": label,
        "engine": engine,
        "strength": strength,
        "guidance_scale": guidance_scale,
        "steps": steps,
        "seed": seed,
        "candidates": candidates,
        "attempts": attempts,
        "format": picture_format,
        **assigned(settings),
    }
    _make([Wish(file, "customise", fields) for file in files], out, url, key, as_json)


def recoloured(colour: str | None, mask: str | None) -> dict[str, str] | None:
    """Return the colourway; a region that is given as the mask is the one to recolour."""
    if colour is None:
        return None
    return {"to": colour, "mask": mask} if mask in REGIONS else {"to": colour}


def masked(mask: str | None) -> str | Path | None:
    """Return a mask as the client takes it: a region, or a picture's path."""
    return Path(mask) if mask and mask not in REGIONS else mask or None


def _box(text: str | None) -> dict[str, float] | None:
    """Return a place as the service takes it. Raises LocalProblem when the text is not four numbers."""
    if text is None:
        return None
    try:
        return dict(zip(SIDES, map(float, text.split(",")), strict=True))
    except ValueError as error:
        raise LocalProblem(f"--place {text}: four numbers are needed, as 0.3,0.4,0.4,0.2") from error


def _make(wishes: "Sequence[Wish]", out: Path, url: str, key: str | None, as_json: bool) -> None:
    """Have the wishes made and show what came of them. Raises LocalProblem when one failed or was rejected."""
    from rich.console import Console

    from likeness.cli.many import Making
    from likeness.cli.terminal import make_watched, outcome_table
    from likeness.client import Client

    console = Console(stderr=as_json)
    with Client(url, key) as client:
        outcomes = make_watched(Making(client, out), wishes, console)
    if as_json:
        typer.echo(json.dumps([outcome.told() for outcome in outcomes], indent=2))
    else:
        console.print(outcome_table(outcomes))
    faults = [f"{outcome.file}: {'; '.join(outcome.faults)}" for outcome in outcomes if outcome.faults]
    if faults:
        raise LocalProblem("\n".join(faults))
    if not as_json:
        console.print(f"written to {out}/", markup=False)
