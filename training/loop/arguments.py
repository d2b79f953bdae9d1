"""The arguments that recipes have in common."""

import argparse
from pathlib import Path


def parser_of(
    description: str | None, name: str, *, minutes: float, every: float, batch: int, rate: float, data: bool = True
) -> argparse.ArgumentParser:
    """Return a parser with what runs have in common; the numbers are its defaults, `every` in seconds."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    if data:
        parser.add_argument("--data", type=Path, required=True, help="folder with clothing/ and emoji/")
    parser.add_argument(
        "--out", type=Path, default=Path("runs") / name, help="folder of the run; resumed if it is there"
    )
    parser.add_argument("--minutes", type=float, default=minutes, help="running time in all")
    parser.add_argument("--every", type=float, default=every, help="seconds between checkpoints")
    parser.add_argument("--batch", type=int, default=batch)
    parser.add_argument("--rate", type=float, default=rate, help="highest learning rate")
    parser.add_argument("--seed", type=int, default=1)
    return parser


def add_side(parser: argparse.ArgumentParser, name: str, default: int, multiple: int) -> None:
    """Add the option of that name for the side of what is trained on, in px."""
    parser.add_argument(
        name, type=int, default=default, help=f"side of a training image in px, a multiple of {multiple}"
    )


def add_vae(parser: argparse.ArgumentParser) -> None:
    """Add the option `--vae`."""
    parser.add_argument("--vae", type=Path, default=Path("weights/starter/vae"), help="the trained autoencoder")


def add_features(parser: argparse.ArgumentParser) -> None:
    """Add the option `--features`."""
    parser.add_argument("--features", type=Path, default=Path("weights/mobilenet-v2"), help="the feature network")


def conversion(description: str | None, file: str, out: Path) -> argparse.Namespace:
    """Parse the command line of a recipe that converts the one published file of that name: `file` and `out`."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help=f"the file {file}")
    parser.add_argument("--out", type=Path, default=out, help="folder of the converted file")
    return parser.parse_args()
