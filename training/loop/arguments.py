"""The arguments that every recipe which trains for a time has."""

import argparse
from pathlib import Path


def of_run(
    description: str | None, name: str, *, minutes: float, every: float, batch: int, rate: float
) -> argparse.ArgumentParser:
    """Return a parser with what runs have in common; the numbers are its defaults, `every` in seconds."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with clothing/ and emoji/")
    parser.add_argument("--out", type=Path, default=Path("runs") / name, help="where the run is kept; resumed if there")
    parser.add_argument("--minutes", type=float, default=minutes, help="running time in all")
    parser.add_argument("--every", type=float, default=every, help="seconds between checkpoints")
    parser.add_argument("--batch", type=int, default=batch)
    parser.add_argument("--rate", type=float, default=rate, help="highest learning rate")
    parser.add_argument("--seed", type=int, default=1)
    return parser
