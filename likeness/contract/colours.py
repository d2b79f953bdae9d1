"""Colours in words: a name of the table, one of them made lighter, deeper, paler, ..., or #RRGGBB."""

import math
import re
from dataclasses import dataclass
from functools import cache

from likeness.contract.colour_names import CLOTH, NAMES, Colour, rgb_of_code

Lab = tuple[float, float, float]
"""CIELAB under D65: L* 0..100, a*, b*."""
CODE = re.compile(r"#[0-9a-f]{6}")
WHITE = (0.95047, 1.0, 1.08883)
"""XYZ of D65."""
GAMUT_STEPS = 24
"""Halvings by which the largest chroma is found that sRGB has."""


@dataclass(frozen=True)
class Modifier:
    """What a word before a colour's name does to it in CIELAB, and the range that the result lies in."""

    goal: float
    """The L* that it moves towards."""
    share: float
    """How much of the way, 0..1."""
    chroma: float = 1.0
    """Factor of the chroma."""
    lightness: tuple[float, float] = (0.0, 100.0)
    """Range of L*."""
    colourfulness: tuple[float, float] = (0.0, 150.0)
    """Range of the chroma; what is grey stays grey."""


MODIFIERS: dict[str, Modifier] = {
    "light": Modifier(100, 0.45, 0.75, lightness=(60, 96)),
    "pale": Modifier(100, 0.65, 0.5, lightness=(78, 97), colourfulness=(0, 35)),
    "very light": Modifier(100, 0.75, 0.5, lightness=(85, 98), colourfulness=(0, 35)),
    "pastel": Modifier(100, 0.5, 0.65, lightness=(75, 95), colourfulness=(0, 45)),
    "dark": Modifier(0, 0.45, 0.85, lightness=(8, 50)),
    "very dark": Modifier(0, 0.7, 0.7, lightness=(5, 30)),
    "deep": Modifier(0, 0.3, 1.1, lightness=(10, 60)),
    "rich": Modifier(0, 0.12, 1.25, lightness=(10, 75)),
    "medium": Modifier(55, 0.3, 1.0, lightness=(25, 75)),
    "bright": Modifier(100, 0.0, 1.35, lightness=(45, 100), colourfulness=(40, 150)),
    "vivid": Modifier(100, 0.0, 1.5, lightness=(40, 100), colourfulness=(50, 150)),
    "soft": Modifier(80, 0.3, 0.6, lightness=(45, 92), colourfulness=(0, 45)),
    "dusty": Modifier(60, 0.35, 0.5, lightness=(35, 80), colourfulness=(0, 32)),
    "muted": Modifier(55, 0.2, 0.5, lightness=(20, 85), colourfulness=(0, 35)),
}
"""The modifiers, in the sense that the basic colour terms have them (Berlin & Kay's; ISCC-NBS's are narrower)."""
LEAST_CHROMA = 4.0
"""Chroma below which a colour is a grey, to which no modifier gives a hue."""


def is_colour(name: str) -> bool:
    """Return whether `name` is a colour: in the table, with a modifier before it, or #rrggbb."""
    if name in NAMES or CODE.fullmatch(name):
        return True
    modifier, base = modified(name)
    return modifier != "" and base in NAMES


def modified(name: str) -> tuple[str, str]:
    """Return a name's modifier and the rest of it; "" and the name where it has none."""
    found = next((one for one in sorted(MODIFIERS, key=len, reverse=True) if name.startswith(one + " ")), "")
    return found, name.removeprefix(found).strip()


def cloth_colour(name: str) -> Colour:
    """Return the colour that a product is dyed in. Raises KeyError when it is none."""
    return CLOTH[name] if name in CLOTH else _colour(name)


def screen_colour(name: str) -> Colour:
    """Return the colour that a background has: the value that CSS or the survey gives. Raises KeyError."""
    return _colour(name)


@cache
def _colour(name: str) -> Colour:
    if CODE.fullmatch(name):
        return rgb_of_code(name)
    if name in NAMES:
        return NAMES[name]
    modifier, base = modified(name)
    if not modifier:
        raise KeyError(name)
    return with_modifier(CLOTH.get(base) or NAMES[base], MODIFIERS[modifier])


def with_modifier(colour: Colour, modifier: Modifier) -> Colour:
    """Return a colour moved as the modifier says, in its own hue, its chroma no more than sRGB has."""
    own, a, b = lab_of(colour)
    chroma, hue = math.hypot(a, b), math.atan2(b, a)
    wanted = _within(own + modifier.share * (modifier.goal - own), modifier.lightness)
    grown = chroma * modifier.chroma
    if chroma >= LEAST_CHROMA:
        grown = _within(grown, modifier.colourfulness)
    return _nearest(wanted, grown, hue)


def hue_apart(one: Colour, other: Colour) -> float:
    """Return the angle between the hues of two colours in degrees; 0 where one of them is a grey."""
    (_, a, b), (_, c, d) = lab_of(one), lab_of(other)
    if min(math.hypot(a, b), math.hypot(c, d)) < LEAST_CHROMA:
        return 0.0
    apart = abs(math.degrees(math.atan2(b, a) - math.atan2(d, c))) % 360
    return min(apart, 360 - apart)


def lab_of(colour: Colour) -> Lab:
    """Return the CIELAB of an sRGB colour (IEC 61966-2-1, CIE 15)."""
    red, green, blue = (_linear(sample / 255) for sample in colour)
    x = 0.4124564 * red + 0.3575761 * green + 0.1804375 * blue
    y = 0.2126729 * red + 0.7151522 * green + 0.0721750 * blue
    z = 0.0193339 * red + 0.1191920 * green + 0.9503041 * blue
    fx, fy, fz = (_cube_root(value / white) for value, white in zip((x, y, z), WHITE, strict=True))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def _nearest(lightness: float, chroma: float, hue: float) -> Colour:
    """Return the sRGB of L*, chroma and hue in radians, with less chroma where sRGB lacks the colour."""
    low, high = 0.0, chroma
    if _inside(_light(lightness, chroma, hue)):
        low = chroma
    for _ in range(GAMUT_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _inside(_light(lightness, middle, hue)) else (low, middle)
    red, green, blue = (round(255 * _encoded(min(max(one, 0.0), 1.0))) for one in _light(lightness, low, hue))
    return red, green, blue


def _light(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    """Return linear sRGB of L*, chroma and hue, outside 0..1 where sRGB lacks the colour."""
    fy = (lightness + 16) / 116
    shifted = (fy + chroma * math.cos(hue) / 500, fy, fy - chroma * math.sin(hue) / 200)
    x, y, z = (white * _cubed(value) for white, value in zip(WHITE, shifted, strict=True))
    return (
        3.2404542 * x - 1.5371385 * y - 0.4985314 * z,
        -0.9692660 * x + 1.8760108 * y + 0.0415560 * z,
        0.0556434 * x - 0.2040259 * y + 1.0572252 * z,
    )


def _inside(light: tuple[float, float, float]) -> bool:
    return all(-1e-4 <= one <= 1 + 1e-4 for one in light)


def _within(value: float, bounds: tuple[float, float]) -> float:
    return min(max(value, bounds[0]), bounds[1])


def _linear(sample: float) -> float:
    return sample / 12.92 if sample <= 0.04045 else float(((sample + 0.055) / 1.055) ** 2.4)


def _encoded(light: float) -> float:
    return 12.92 * light if light <= 0.0031308 else float(1.055 * light ** (1 / 2.4) - 0.055)


def _cube_root(value: float) -> float:
    return math.cbrt(value) if value > 216 / 24389 else (24389 / 27 * value + 16) / 116


def _cubed(value: float) -> float:
    return value**3 if value > 6 / 29 else (116 * value - 16) / (24389 / 27)
