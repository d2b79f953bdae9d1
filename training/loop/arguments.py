"""The arguments that every recipe which trains for a time has."""

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
