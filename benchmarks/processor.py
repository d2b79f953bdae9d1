"""Processor seconds around one picture: `python -m benchmarks.processor [--sizes 4000x3000] [--profile]`.

All that a worker does with a photo beside its engine, each part alone, in seconds of the processor and not of a clock:
decoding it, its frame and canvas, bringing the canvas back, encoding, and the report of a recreation and of a colour.
"""

import argparse
import cProfile
import pstats
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.device import sized
from likeness.contract.gates import GateKind
from likeness.contract.report import Thresholds
from likeness.imaging.assessment.assess import assess
from likeness.imaging.assessment.edit_check import EditCheck
from likeness.imaging.assessment.tripwires import made_finite
from likeness.imaging.colour import Floats
from likeness.imaging.formats.decode import decode
from likeness.imaging.formats.encode import encode
from likeness.imaging.frame import Frame
from worker.runs.scoring import UNBOUNDED

SIZES = ("512x512", "1024x1024", "2000x1500", "4000x3000")
RUNS = 3

Found = TypeVar("Found")


class Parts:
    """Processor seconds by part: of several runs the least."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def time(self, part: str, act: Callable[[], Found]) -> Found:
        """Do something, and count what it took."""
        began = time.process_time()
        found = act()
        took = time.process_time() - began
        self.seconds[part] = min(took, self.seconds.get(part, took))
        return found


def ellipse(height: int, width: int) -> Floats:
    """Return a soft oval, H x W in 0..1, which stands for a product."""
    plane = np.zeros((height, width), np.float32)
    cv2.ellipse(plane, (width // 2, height // 2), (width // 3, height // 3), 0, 0, 360, 1.0, -1, cv2.LINE_AA)
    return np.asarray(cv2.blur(plane, (5, 5)), dtype=np.float32)


def around(parts: Parts, data: bytes) -> None:
    """Do all that is done with a photo beside its engine."""
    given = parts.time("decode", lambda: decode(data, UNBOUNDED))
    frame = parts.time("frame", lambda: Frame.of(given))
    canvas = parts.time("canvas", lambda: frame.canvas(given))
    made = np.clip(canvas + np.float32(0.004), 0, 1)
    width, height = frame.upright_size
    product = ellipse(height, width)
    dyed = made.copy()
    dyed[:height, :width] *= 1 - product[..., None] * np.float32((0.5, 0.1, 0.0))
    finite = parts.time("made finite", lambda: made_finite(made)[0])
    image = parts.time("restore", lambda: frame.restore(finite))
    file = parts.time("encode", lambda: encode(image, frame, "jpeg", b"", 90))
    again = parts.time("decode again", lambda: decode(file, UNBOUNDED))
    parts.time("report", partial(assess, given, again, Thresholds()))
    coloured = decode(encode(frame.restore(dyed), frame, "jpeg", b"", 90), UNBOUNDED)
    check = EditCheck("red", inside=product, product=product, colour=(120, 40, 40), kind=GateKind.COLOUR)
    parts.time("report of a colour", partial(assess, given, coloured, Thresholds(), check))


def row(size: str) -> list[str]:
    """Return the figures of a size."""
    width, height = map(int, size.split("x"))
    parts, data = Parts(), sized(width, height)
    for _ in range(RUNS):
        around(parts, data)
    seconds = parts.seconds
    whole = sum(took for part, took in seconds.items() if part != "report of a colour")
    return [size, *(f"{took:.3f}" for took in seconds.values()), f"{whole:.2f}"]


def main() -> None:
    """Print the table, or a profile of the last size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", default=SIZES, metavar="WIDTHxHEIGHT")
    parser.add_argument("--profile", action="store_true", help="print where the time of the last size goes")
    asked = parser.parse_args()
    table = Table(
        "size", "decode", "frame", "canvas", "finite", "restore", "encode", "again", "report", "colour", "whole"
    )
    for size in asked.sizes:
        table.add_row(*row(size))
    Console(width=160).print(table)
    if asked.profile:
        width, height = map(int, asked.sizes[-1].split("x"))
        data = sized(width, height)
        with cProfile.Profile(time.process_time) as profile:
            around(Parts(), data)
        pstats.Stats(profile).sort_stats("tottime").print_stats(30)


if __name__ == "__main__":
    main()
