"""The options that several commands share, each with its help and its default."""

import os
from pathlib import Path
from typing import Annotated

import typer


def engine_names(incomplete: str) -> list[str]:
    """Return the matching engines of the catalogue for shell completion; none if it cannot be read."""
    from likeness.contract.catalogue import load_catalogue

    path = os.environ.get("LIKENESS_CATALOGUE")
    try:
        engines = load_catalogue(Path(path) if path else None).engines
    except (OSError, ValueError):
        return []
    return [engine.name for engine in engines if engine.name.startswith(incomplete)]


Url = Annotated[str, typer.Option(envvar="LIKENESS_URL", help="URL of the service.")]
URL = "http://127.0.0.1:8000"
Key = Annotated[str | None, typer.Option(envvar="LIKENESS_KEY", help="API key.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]
Out = Annotated[Path, typer.Option(help="Folder for the results.")]
OUT = Path("out")
Home = Annotated[Path, typer.Option(envvar="LIKENESS_HOME", help="Folder for the state of the local stack.")]
HOME = Path(".likeness")

File = Annotated[Path, typer.Argument(help="An image: PNG, JPEG or WebP.", show_default=False)]
Files = Annotated[
    list[Path], typer.Argument(help="Images (PNG, JPEG or WebP), or folders of them.", show_default=False)
]

Instruction = Annotated[str | None, typer.Option(help="The edit, in words.")]
Edits = Annotated[
    list[str] | None,
    typer.Option(
        "--edit",
        help="One of several edits, made in order: in words, or a JSON object of its fields. Repeatable.",
    ),
]
Recolour = Annotated[str | None, typer.Option(help="New colour of the product, as #RRGGBB.")]
Text = Annotated[str | None, typer.Option(help="Text to print on the product.")]
Mask = Annotated[str | None, typer.Option(help="Limits the edit to this area: product, background, or an image file.")]
Preserve = Annotated[str | None, typer.Option(help="Area whose pixels stay unchanged: product or background.")]
Style = Annotated[Path | None, typer.Option("--style", help="Image whose style to transfer.")]
Images = Annotated[
    list[Path] | None,
    typer.Option(help="Further image that the instruction speaks of, from image 2 on; can be repeated."),
]
Guide = Annotated[
    Path | None, typer.Option(help="The image with the change painted over it; the rest may be transparent.")
]
Complete = Annotated[
    float | None, typer.Option(help="Share of the height to keep, 0.1 to 0.9; the part below is redrawn.")
]
Controls = Annotated[
    list[str] | None,
    typer.Option(help="Structure to preserve: canny, soft_edge, line_art or depth; can be repeated."),
]

Engine = Annotated[str | None, typer.Option(help="Engine; omit for the default one.", autocompletion=engine_names)]
Strength = Annotated[float | None, typer.Option(help="How far to depart from the image: 0 keeps it, 1 ignores it.")]
GuidanceScale = Annotated[float | None, typer.Option(help="How closely to follow the text.")]
Steps = Annotated[int | None, typer.Option(help="Number of denoising steps.")]
Label = Annotated[str | None, typer.Option(help="Class of the product, one that the engine knows.")]
Seed = Annotated[int | None, typer.Option(help="Seed of the first candidate.")]
Parameters = Annotated[
    list[str] | None,
    typer.Option("--set", help="An engine parameter, such as layer=layer2 or top_k=50; can be repeated."),
]
Candidates = Annotated[int | None, typer.Option(help="Number of candidates to generate.")]
