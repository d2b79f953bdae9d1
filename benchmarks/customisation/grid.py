"""A contact sheet: a row for each photo, a column for each edit."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps
from rich.progress import track

from benchmarks.customisation.backgrounds import behind
from benchmarks.customisation.colours import SEED, coloured
from benchmarks.customisation.guides import printed
from benchmarks.customisation.workbench import Photo, Task, Workbench
from likeness.contract.options import Recolour
from likeness.contract.tasks import Customise
from likeness.files.compare import upright

PHOTOS = 8
CELL, GAP, LINE = 200, 6, 20
PAPER, INK = (255, 255, 255), (28, 31, 36)

Cell = Image.Image | None
"""None where the task failed."""


def edits() -> dict[str, Task]:
    """Return what is done to each photo of the sheet, by the head of its column."""
    instructions = (
        "make it larger",
        "make it smaller",
        "make the picture warmer",
        "give it white stripes",
        "make it denim",
    )
    return {
        **{f"make it {colour}": coloured(colour) for colour in ("red", "yellow", "blue", "black")},
        **{instruction: Customise(instruction=instruction, seed=SEED) for instruction in instructions},
        "white background": behind("white"),
        "light blue background": behind("light blue"),
        "background, product locked": behind("red", preserve="product"),
        "colourway #1F4E79": Customise(recolour=Recolour(to="#1F4E79"), seed=SEED),
        "text": printed("LIKENESS"),
    }


def draw(bench: Workbench, photos: Sequence[Photo]) -> Image.Image:
    """Return the sheet of a few photos."""
    few = photos[:: max(1, len(photos) // PHOTOS)][:PHOTOS]
    rows = [[_cell(photo.data), *_made(bench, photo)] for photo in track(few, "the sheet")]
    return grid(["original", *edits()], rows)


def _made(bench: Workbench, photo: Photo) -> list[Cell]:
    made = [bench.make(photo, task) for task in edits().values()]
    return [None if one is None else _cell(one.data) for one in made]


def _cell(data: bytes) -> Image.Image:
    return ImageOps.contain(upright(data).convert("RGB"), (CELL, CELL))


def grid(heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Image.Image:
    """Return rows of images no larger than a cell under their heads."""
    step = CELL + GAP
    sheet = Image.new("RGB", (GAP + step * len(heads), LINE + GAP + step * len(rows)), PAPER)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(13)
    for column, head in enumerate(heads):
        draw.text((GAP + column * step, 4), head, INK, font)
        for row, cells in enumerate(rows):
            picture = cells[column]
            if picture:
                corner = np.array((GAP + column * step, LINE + GAP + row * step))
                sheet.paste(picture, tuple((corner + (CELL - np.array(picture.size)) // 2).tolist()))
    return sheet
