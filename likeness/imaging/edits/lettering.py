"""A text set in one of the fonts that ship, as a stamp: its lines, its slant, its arc.

The default font is the one that Pillow carries: Aileron (CC0), ASCII and a few more signs. The others are licensed
under the SIL Open Font License or Apache 2.0 (LICENSES/fonts.txt). All are laid out without Raqm, so that every machine
draws the same pixels.
"""

from functools import lru_cache
from importlib import resources
from io import BytesIO
from itertools import combinations

import cv2
import numpy as np
from cv2.typing import MatLike
from PIL import Image, ImageDraw, ImageFont

from likeness.contract.options import Font
from likeness.imaging.colour import Floats

Colour = tuple[int, int, int]

FILES: dict[Font, str] = {
    "serif": "Caladea-Bold.ttf",
    "slab": "RobotoSlab-Bold.otf",
    "geometric": "LeagueSpartan-Bold.otf",
    "condensed": "BebasNeue-Bold.otf",
    "script": "LobsterTwo-BoldItalic.otf",
    "brush": "KaushanScript-Regular.otf",
}
"""Of every font but the default."""
MOST_LINES = 3
LINE_HEIGHT = 1.2
"""In font sizes."""
SHAPE = 2.4
"""Width to height that a text is broken for when its place has none."""
LINE_GAIN = 1.15
"""How many times larger letters must become for another line."""
STROKE = 0.02
"""Width in font sizes by which every stroke of the default font is thickened: thin ones are lost on a pattern."""
MEASURE = 64
"""Font size in px at which lines are compared."""
NO_SIGN = "\U0010fffd"
"""A code point that no font has a sign for."""


def unprintable(text: str, font: Font = "sans") -> str:
    """Return the characters of `text` that the font has no sign for, each once; "" if all can be printed."""
    missing = _drawn(NO_SIGN, font)
    return "".join(sign for sign in dict.fromkeys(" ".join(text.split())) if _drawn(sign, font) == missing)


def text_stamp(text: str, height_px: int, colour: Colour, shape: float = SHAPE, font: Font = "sans") -> Floats:
    """Return `text` as H x W x 4, RGB and alpha in 0..1, cut to its ink; at most `height_px` px high, from 9 px on.

    Lines that are given are kept; one line is broken at spaces into up to three where that makes the letters larger in
    a box of `shape` (width to height). Raises ValueError for a blank text.
    """
    lines = lines_of(text, shape, font)
    if not lines:
        raise ValueError("the text is blank")
    size = max(1, int(height_px / (LINE_HEIGHT * len(lines))))
    alpha = _ink("\n".join(lines), _font(size, font), 0.0 if font in FILES else STROKE)
    ink = np.broadcast_to(np.array(colour, dtype=np.float32) / np.float32(255), (*alpha.shape, 3))
    return np.dstack([ink, alpha.astype(np.float32) / np.float32(255)])


def lines_of(text: str, shape: float, font: Font) -> list[str]:
    """Return the lines that a text is set in: those given, or those that let its letters be largest in the shape."""
    given = [" ".join(line.split()) for line in text.strip().splitlines()]
    if len(given) > 1:
        return given
    words = text.split()
    most = min(MOST_LINES, len(words))
    layouts = [_broken(words, breaks) for count in range(most) for breaks in combinations(range(1, len(words)), count)]
    return max(layouts, key=lambda lines: _size_in_box(lines, shape, font), default=[])


def turned(stamp: Floats, angle: float) -> Floats:
    """Return a stamp turned clockwise by `angle` degrees, in the box that then holds it."""
    if angle % 360 == 0:
        return stamp
    height, width = stamp.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -angle, 1.0)
    wide, high = (int(np.ceil(side)) for side in np.abs(turn[:, :2]) @ (width, height))
    turn[:, 2] += wide / 2 - width / 2, high / 2 - height / 2
    return _unmixed(cv2.warpAffine(_mixed(stamp), turn, (wide, high), flags=cv2.INTER_LINEAR))


def arched(stamp: Floats, curve: float) -> Floats:
    """Return a stamp laid along an arc: `curve` -1..1 is the share of a half circle, its middle upwards from 0 on."""
    if curve == 0:
        return stamp
    height, width = stamp.shape[:2]
    bend = abs(curve) * np.pi
    radius = width / bend
    outer, half = radius + height / 2, min(bend / 2, np.pi / 2)
    wide = int(np.ceil(2 * outer * np.sin(half)))
    high = int(np.ceil(outer - (radius - height / 2) * np.cos(bend / 2)))
    y, x = np.mgrid[:high, :wide].astype(np.float32)
    if curve < 0:
        y = high - 1 - y
    across, down = x + 0.5 - wide / 2, outer - y - 0.5
    along = np.arctan2(across, down) * radius + width / 2 - 0.5
    depth = outer - np.hypot(across, down) - 0.5
    depth = height - 1 - depth if curve < 0 else depth
    return _unmixed(cv2.remap(_mixed(stamp), along.astype(np.float32), depth.astype(np.float32), cv2.INTER_LINEAR))


def outlined(stamp: Floats, colour: Colour, width: float) -> Floats:
    """Return a stamp with an outline `width` times as wide as it is high, at least 1 px, around what it shows."""
    reach = max(1, round(width * stamp.shape[0]))
    padded = cv2.copyMakeBorder(_mixed(stamp), *(reach + 1,) * 4, cv2.BORDER_CONSTANT)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2)
    under = cv2.GaussianBlur(cv2.dilate(padded[..., 3], disc), (3, 3), 0)
    share = np.maximum(padded[..., 3], under)
    colours = padded[..., :3] + (share - padded[..., 3])[..., None] * np.array(colour, np.float32) / np.float32(255)
    return _unmixed(np.dstack([colours, share]))


def _mixed(stamp: Floats) -> Floats:
    """Return a stamp with its colours multiplied by its alpha, so that hidden ones do not bleed."""
    return np.dstack([stamp[..., :3] * stamp[..., 3:], stamp[..., 3]])


def _unmixed(planes: MatLike) -> Floats:
    mixed = np.asarray(planes, dtype=np.float32)
    colours = mixed[..., :3] / np.maximum(mixed[..., 3:], np.float32(1e-6))
    return np.dstack([np.clip(colours, 0, 1), mixed[..., 3]]).astype(np.float32)


@lru_cache(maxsize=64)
def _font(size: int, name: Font) -> ImageFont.FreeTypeFont:
    if name in FILES:
        return ImageFont.truetype(BytesIO(_file(FILES[name])), size, layout_engine=ImageFont.Layout.BASIC)
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise TypeError("this Pillow was built without FreeType")
    return font.font_variant(layout_engine=ImageFont.Layout.BASIC)


@lru_cache
def _file(name: str) -> bytes:
    return (resources.files("likeness.imaging.edits") / "fonts" / name).read_bytes()


def _drawn(sign: str, font: Font) -> bytes:
    return bytes(_font(MEASURE, font).getmask(sign))


def _broken(words: list[str], breaks: tuple[int, ...]) -> list[str]:
    return [" ".join(words[start:end]) for start, end in zip((0, *breaks), (*breaks, None), strict=True)]


def _size_in_box(lines: list[str], shape: float, font: Font) -> float:
    """Return how large letters are in a box `shape` wide and 1 high, less for each line more than one."""
    widest = max(_font(MEASURE, font).getlength(line) for line in lines) / MEASURE
    return min(shape / max(widest, 0.1), 1 / (LINE_HEIGHT * len(lines))) / LINE_GAIN ** (len(lines) - 1)


def _ink(text: str, font: ImageFont.FreeTypeFont, stroke: float) -> Floats:
    """Return the coverage of centred lines, 0..255, cut to what is drawn."""
    spacing, stroke = (LINE_HEIGHT - 1) * font.size, stroke * font.size
    left, top, right, bottom = ImageDraw.Draw(Image.new("L", (1, 1))).multiline_textbbox(
        (0, 0), text, font, spacing=spacing, align="center", stroke_width=stroke
    )
    sheet = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4))
    ImageDraw.Draw(sheet).multiline_text(
        (2 - left, 2 - top), text, 255, font, spacing=spacing, align="center", stroke_width=stroke
    )
    return np.asarray(sheet.crop(sheet.getbbox()), dtype=np.float32)
