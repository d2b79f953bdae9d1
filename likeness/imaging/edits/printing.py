"""A text or a logo printed on a product: drawn with a real font, fitted into a box, lit as the product is.

The font is the one that Pillow carries: Aileron (CC0), ASCII and a few more signs. It is laid out without Raqm, so that
every machine draws the same pixels.
"""

from functools import lru_cache
from itertools import combinations

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from likeness.contract.options import Box
from likeness.imaging.colour import Floats, luma
from likeness.imaging.edits.recolour import lab_of

Colour = tuple[int, int, int]
Place = tuple[int, int, int, int]
"""Left, top, width, height in px of the upright image."""

BLACK, WHITE = (0, 0, 0), (255, 255, 255)
MOST_LINES = 3
LINE_HEIGHT = 1.2
"""In font sizes."""
SHAPE = 1.4
"""Width to height of the box that a text is wrapped for when no other is named."""
LINE_GAIN = 1.15
"""How many times larger letters must become for another line."""
STROKE = 0.02
"""Width in font sizes by which every stroke is thickened: thin ones are lost on a pattern."""
MEASURE = 64
"""Font size in px at which lines are compared."""
NO_SIGN = "\U0010fffd"
"""A code point that no font has a sign for."""

DARKEST, LIGHTEST = 0.6, 1.25
"""How far the product's shading may darken and lighten a print."""
SHADING = 0.02
"""Reach of the shading that a print follows, as a share of the short side."""
LEAST_LIGHT = 0.05
"""Luma added before light is compared, so that noise on black does not count."""

WIDEST, NARROWEST, SHRINK = 0.6, 0.25, 0.93
"""Width of the default box: as a share of the product's, at most and at least, and each step between."""
COVERED = 0.95
"""Share of the default box that must be product."""


def unprintable(text: str) -> str:
    """Return the characters of `text` that the font has no sign for, each once; "" if all can be printed."""
    return "".join(sign for sign in dict.fromkeys(" ".join(text.split())) if _drawn(sign) == _drawn(NO_SIGN))


def text_stamp(text: str, height_px: int, colour: Colour, shape: float = SHAPE) -> Floats:
    """Return `text` as H x W x 4, RGB and alpha in 0..1, cut to its ink; at most `height_px` px high, from 9 px on.

    Broken at spaces into up to three lines where that makes the letters larger in a box of `shape` (width to height).
    Raises ValueError for a blank text.
    """
    lines = _lines(text.split(), shape)
    if not lines:
        raise ValueError("the text is blank")
    font = _font(max(1, int(height_px / (LINE_HEIGHT * len(lines)))))
    alpha = _ink("\n".join(lines), font)
    ink = np.broadcast_to(np.array(colour, dtype=np.float32) / np.float32(255), (*alpha.shape, 3))
    return np.dstack([ink, alpha.astype(np.float32) / np.float32(255)])


def printed(rgb: Floats, product: Floats, stamp: Floats, box: Place) -> tuple[Floats, Floats]:
    """Return `rgb` (H x W x 3, 0..1) with `stamp` (h x w x 4) centred in `box`, and the alpha printed, H x W in 0..1.

    The stamp keeps its proportions and is lit as the product (mask H x W in 0..1) is there. Where the box meets the
    product the print ends with it; where it does not, the whole stamp is printed.
    """
    height, width = product.shape
    laid = _laid(stamp, box, height, width)
    alpha = laid[..., 3] * _printable(product, box)
    light = _light(rgb, product)[..., None]
    ink = laid[..., :3] / np.maximum(laid[..., 3:], np.float32(1e-6))
    made = rgb * (1 - alpha[..., None]) + np.clip(ink * light, 0, 1) * alpha[..., None]
    return np.where(alpha[..., None] > 0, made, rgb).astype(np.float32, copy=False), alpha


def default_box(product: Floats, aspect: float) -> Place:
    """Return where to print something of `aspect` (width to height): in the middle of the product, H x W in 0..1.

    The largest of that shape, 60 to 25 % of the product's width, of which 95 % is product; when there is none in the
    middle, the smallest where most of it is product. Without any product, the middle of the image.
    """
    solid = (product > 0.5).astype(np.float32)
    if not solid.any():
        solid = np.ones_like(solid)
    wide, high = cv2.boundingRect(solid.astype(np.uint8))[2:]
    largest = min(WIDEST * wide, WIDEST * high * aspect)
    smallest = min(largest, NARROWEST * wide)
    middle = _middle(solid)
    width = largest
    while width > smallest and _cover(solid, _around(middle, width, aspect, solid.shape)) < COVERED:
        width = max(smallest, width * SHRINK)
    place = _around(middle, width, aspect, solid.shape)
    return place if _cover(solid, place) >= COVERED else _best_covered(solid, place)


def ink_for(rgb: Floats, product: Floats, box: Place) -> Colour:
    """Return black or white, whichever is further in L* from the mean of the product under the box, or of all there."""
    left, top, width, height = box
    under = np.s_[top : top + height, left : left + width]
    lightness, solid = lab_of(rgb[under])[..., 0], product[under] > 0.5
    return BLACK if float(lightness[solid if solid.any() else ~solid].mean()) > 50 else WHITE


def box_px(place: Box, height: int, width: int) -> Place:
    """Return a place given in shares as px of an upright image: inside it, at least 1 px a side."""
    left, right = _span(place.left, place.width, width)
    top, bottom = _span(place.top, place.height, height)
    return left, top, right - left, bottom - top


def _span(start: float, length: float, side: int) -> tuple[int, int]:
    first = min(round(start * side), side - 1)
    return first, min(side, max(first + 1, round((start + length) * side)))


@lru_cache(maxsize=32)
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise TypeError("this Pillow was built without FreeType")
    return font.font_variant(layout_engine=ImageFont.Layout.BASIC)


def _drawn(sign: str) -> bytes:
    return bytes(_font(MEASURE).getmask(sign))


def _lines(words: list[str], shape: float) -> list[str]:
    """Return the words in the lines that let the letters be largest in a box of `shape`."""
    most = min(MOST_LINES, len(words))
    layouts = [_broken(words, breaks) for count in range(most) for breaks in combinations(range(1, len(words)), count)]
    return max(layouts, key=lambda lines: _size_in_box(lines, shape), default=[])


def _broken(words: list[str], breaks: tuple[int, ...]) -> list[str]:
    return [" ".join(words[start:end]) for start, end in zip((0, *breaks), (*breaks, None), strict=True)]


def _size_in_box(lines: list[str], shape: float) -> float:
    """Return how large letters are in a box `shape` wide and 1 high, less for each line more than one."""
    widest = max(_font(MEASURE).getlength(line) for line in lines) / MEASURE
    return min(shape / max(widest, 0.1), 1 / (LINE_HEIGHT * len(lines))) / LINE_GAIN ** (len(lines) - 1)


def _ink(text: str, font: ImageFont.FreeTypeFont) -> Floats:
    """Return the coverage of centred lines, 0..255, cut to what is drawn."""
    spacing, stroke = (LINE_HEIGHT - 1) * font.size, STROKE * font.size
    left, top, right, bottom = ImageDraw.Draw(Image.new("L", (1, 1))).multiline_textbbox(
        (0, 0), text, font, spacing=spacing, align="center", stroke_width=stroke
    )
    sheet = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4))
    ImageDraw.Draw(sheet).multiline_text(
        (2 - left, 2 - top), text, 255, font, spacing=spacing, align="center", stroke_width=stroke
    )
    return np.asarray(sheet.crop(sheet.getbbox()), dtype=np.float32)


def _laid(stamp: Floats, box: Place, height: int, width: int) -> Floats:
    """Return the stamp fitted into the box of an otherwise empty H x W x 4, its colours multiplied by its alpha."""
    left, top, wide, high = box
    scale = min(wide / stamp.shape[1], high / stamp.shape[0])
    size = max(1, int(stamp.shape[1] * scale)), max(1, int(stamp.shape[0] * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    weighted = np.dstack([stamp[..., :3] * stamp[..., 3:], stamp[..., 3]])
    fitted = np.clip(cv2.resize(weighted, size, interpolation=way), 0, 1)
    left, top = left + (wide - size[0]) // 2, top + (high - size[1]) // 2
    laid = np.zeros((height, width, 4), dtype=np.float32)
    laid[top : top + size[1], left : left + size[0]] = fitted
    return laid


def _printable(product: Floats, box: Place) -> Floats:
    """Return how much of a print each pixel takes: the product with a soft rim; all of it if none is under the box."""
    left, top, width, height = box
    if not (product[top : top + height, left : left + width] > 0.5).any():
        return np.ones_like(product)
    return np.minimum(product, cv2.GaussianBlur(product, (0, 0), 1.0))


def _light(rgb: Floats, product: Floats) -> Floats:
    """Return how light each place is against the mean of the product, H x W, smoothed within it."""
    solid = (product > 0.5).astype(np.float32)
    if not solid.any():
        solid = np.ones_like(solid)
    bright = luma(np.ascontiguousarray(rgb))
    reach = max(1.0, SHADING * min(product.shape))
    share = cv2.GaussianBlur(solid, (0, 0), reach)
    around = cv2.GaussianBlur(bright * solid, (0, 0), reach) / np.maximum(share, np.float32(1e-3))
    mean = float(bright[solid > 0].mean())
    return np.asarray(np.clip((around + LEAST_LIGHT) / (mean + LEAST_LIGHT), DARKEST, LIGHTEST), dtype=np.float32)


def _middle(solid: Floats) -> tuple[float, float]:
    """Return the centre of mass, x and y in px."""
    rows, columns = np.nonzero(solid)
    return float(columns.mean()) + 0.5, float(rows.mean()) + 0.5


def _around(middle: tuple[float, float], width: float, aspect: float, shape: tuple[int, ...]) -> Place:
    """Return the box of that width and aspect about a point, moved into an image of `shape`."""
    size = [min(side, max(1, round(length))) for side, length in zip(shape[::-1], (width, width / aspect), strict=True)]
    corner = [
        min(max(0, round(centre - length / 2)), side - length)
        for centre, length, side in zip(middle, size, shape[::-1], strict=True)
    ]
    return corner[0], corner[1], size[0], size[1]


def _cover(solid: Floats, place: Place) -> float:
    left, top, width, height = place
    return float(solid[top : top + height, left : left + width].mean())


def _best_covered(solid: Floats, place: Place) -> Place:
    """Return `place` moved to where the most of it is product, and of such places the nearest."""
    left, top, width, height = place
    sums = cv2.integral(solid)
    cover = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    y, x = np.nonzero(cover >= min(COVERED * width * height, float(cover.max())))
    nearest = int(np.argmin((x - left) ** 2 + (y - top) ** 2))
    return int(x[nearest]), int(y[nearest]), width, height
