"""The waits of the simulated fleets as a plot."""

from collections.abc import Sequence
from math import log10

from PIL import Image, ImageDraw, ImageFont

from benchmarks.fleet.summary import Row, seconds

WIDTH, LINE, LEFT, RIGHT = 900, 22, 210, 150
LEAST, MOST = -2, 4
"""Powers of ten of the axis, in seconds."""
COLOURS = ("#2a6f97", "#e07a1f")


def draw(rows: Sequence[Row]) -> Image.Image:
    """Return a bar from median to 99th percentile of interactive waits for each row, on a logarithmic axis."""
    image = Image.new("RGB", (WIDTH, LINE * (len(rows) + 3)), "white")
    canvas, font = ImageDraw.Draw(image), ImageFont.load_default(13)
    canvas.text((8, 4), "interactive jobs: seconds from POST to start, median to 99th percentile", "black", font)
    for power in range(LEAST, MOST + 1):
        at = _across(10.0**power)
        canvas.line((at, LINE, at, image.height - LINE), "#dddddd")
        canvas.text((at, image.height - LINE), f"{10.0**power:g}", "#555555", font, anchor="ma")
    for number, row in enumerate(rows):
        middle = LINE * (number + 2)
        canvas.text((8, middle), f"{row.workers} workers, {row.rules}", "black", font, anchor="lm")
        low, _, high = map(_across, row.interactive)
        colour = COLOURS[row.rules != "as built"]
        canvas.rectangle((low, middle - 6, max(high, low + 2), middle + 6), colour)
        canvas.text((max(high, low) + 6, middle), seconds(row.interactive[2]), "#555555", font, anchor="lm")
    return image


def _across(value: float) -> float:
    share = (log10(max(value, 10.0**LEAST)) - LEAST) / (MOST - LEAST)
    return LEFT + min(1.0, share) * (WIDTH - LEFT - RIGHT)
