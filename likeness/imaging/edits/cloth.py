"""What of a product is its cloth, and what is something else: a tag, a print, a button, a hanger, another garment.

Cloth is told by its commonest colour under all the light it stands in: less of it in shadows, which keep hue and
purity, and paler where it gleams (Shafer, "Using Color to Separate Reflection Components", Color Research and
Application 10, 1985). Light changes gently and things have sharp edges. Colours that are scattered all over a product
are its pattern, and count as cloth. All is found on a small copy; px are those of a picture whose short side is 400.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from likeness.imaging.colour import Floats
from likeness.imaging.edits.cloth_colour import DARKER, FLATTENED, OTHER, nearest_of, off_in_any_light, off_in_shade
from likeness.imaging.edits.neighbours import gentle, with_neighbours
from likeness.imaging.edits.recolour import lab_of
from likeness.imaging.local_colour import Places
from likeness.imaging.outline import Where, disc


@dataclass(frozen=True)
class Cloth:
    """`kept`: H x W, where a product is not cloth. `garments`: how many large parts there are, the cloth included."""

    kept: Where
    garments: int


@dataclass(frozen=True)
class _Colours:
    """K x 3 CIELAB colours of a product, most common first, which of them are its cloth's, and how far each reaches."""

    lab: Floats
    cloth: Where
    spread: Floats
    varied: bool
    """Whether the cloth has a pattern of more than two colours."""


LEAST_CORE = 100
"""Px that a product must have well within its outline for its cloth to be told from anything else."""


def cloth_of(rgb: Floats, mask: Floats, scale: float) -> Cloth:
    """Return what is not cloth of the product under `mask` (H x W, 0..1) in `rgb` (H x W x 3, 0..1), a small copy."""
    product = mask > 0.5
    core = cv2.erode(product.astype(np.uint8), disc(4 * scale)) > 0
    kept = np.zeros_like(product)
    if core.sum() < LEAST_CORE:
        return Cloth(kept, int(product.any()))
    box = _window(np.array(cv2.boundingRect(product.astype(np.uint8))), 2, product.shape)
    lab = np.asarray(cv2.GaussianBlur(lab_of(rgb[box]), (0, 0), max(0.3, 0.7 * scale)), dtype=np.float32)
    kept[box] = _kept(lab, product[box], core[box], scale)
    return Cloth(kept, 1 + _large(kept, product))


def _kept(lab: Floats, product: Where, core: Where, scale: float) -> Where:
    colours = _colours(lab, core, scale)
    unlike, gleam = np.zeros(product.shape, np.float32), np.zeros(product.shape, np.float32)
    pixels, mains = lab[product], _distinct(colours.lab[colours.cloth])
    unlike[product] = np.min([off_in_shade(pixels, main) for main in mains], axis=0)
    gleam[product] = np.min([off_in_any_light(pixels, main) for main in mains], axis=0)
    things = _things(lab, product, core, colours, (unlike, gleam), scale)
    return things | _thin(lab, product, mains, gleam, scale)


EQUAL = 3.5
"""Weighted distance up to which two colours count as one."""


def _distinct(mains: Floats) -> Floats:
    """Return K x 3 colours without those that hardly differ from one before."""
    chosen: list[Floats] = []
    for main in mains:
        if not chosen or min(np.linalg.norm((main - other) * FLATTENED) for other in chosen) > EQUAL:
            chosen.append(main)
    return np.array(chosen)


CLUSTERS, SAMPLES = 8, 6000
KIN = 15.0
"""Weighted distance over which colours lend each other weight when the commonest is looked for."""
EVERYWHERE, MANY_COLOURED = 0.5, 0.15
"""Share of the product in reach of a colour that makes it part of the pattern; in a pattern of many colours, less."""
MINGLED = 0.25
"""By how much its reach has to exceed the colour's own area: less is a part of its own, as another garment is."""
COMMON = 0.07
"""Share of the product from which on a colour is the cloth's by itself, or a pattern's, and no shade of another."""


def _colours(lab: Floats, core: Where, scale: float) -> _Colours:
    """Return the product's colours and which are its cloth: the commonest in any light, and what lies all over it."""
    pixels = lab[core]
    chosen = np.random.default_rng(0).choice(len(pixels), min(SAMPLES, len(pixels)), replace=False)
    samples = np.ascontiguousarray(pixels[chosen] * FLATTENED)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 25, 0.5)
    cv2.setRNGSeed(0)
    count = min(CLUSTERS, len(samples))
    _, labels, found = cv2.kmeans(samples, count, np.empty(0, np.int32), stop, 2, cv2.KMEANS_PP_CENTERS)
    order = np.argsort(-np.bincount(labels[:, 0], minlength=count), kind="stable")
    centres = np.asarray(found[order] / FLATTENED, dtype=np.float32)
    alike = np.stack([off_in_shade(centres, centre) <= OTHER for centre in centres])
    kin = np.stack([np.exp(-((np.linalg.norm((centres - c) * FLATTENED, axis=1) / KIN) ** 2)) for c in centres])
    shares = np.bincount(labels[:, 0], minlength=count)[order] / len(samples)
    main = int(np.argmax(kin @ shares))
    nearest = nearest_of(lab, centres)
    spread = np.array([_spread((nearest == at) & core, core, scale) for at in range(count)])
    patterned = (spread >= EVERYWHERE) & (spread - shares > MINGLED) & (shares >= COMMON)
    cloth = (alike[main] & (shares >= COMMON)) | patterned | (np.arange(count) == main)
    others = patterned & ~alike[main]
    cloth = with_neighbours(cloth, alike & (shares >= COMMON), gentle(lab, nearest, core, centres, scale))
    return _Colours(centres, cloth, spread, bool(others.any()))


GLEAM = 9.0
"""Distance of a colour in any light, as `off_in_any_light` gives it, up to which it may be the cloth's."""
LEAST_AREA = 25.0
"""Px of the smallest thing that is left alone."""


def _things(
    lab: Floats, product: Where, core: Where, colours: _Colours, off: tuple[Floats, Floats], scale: float
) -> Where:
    """Return where there are things on the cloth: of another colour, or light or dark with a sharp edge.

    `off` is how far each pixel is from the cloth's colour in shade, and in any light.
    """
    strange = (off[0] > OTHER) & product
    strange = cv2.morphologyEx(strange.astype(np.uint8), cv2.MORPH_OPEN, disc(scale)) > 0
    by_light = off[1] <= GLEAM
    steps = _steps(lab, product, scale)
    count, areas, stats, _ = cv2.connectedComponentsWithStats(strange.astype(np.uint8), connectivity=8)
    kept = np.zeros_like(product)
    for at in range(1, count):
        if stats[at, cv2.CC_STAT_AREA] >= LEAST_AREA * scale**2:
            part = _window(stats[at], 8 * scale, product.shape)
            blob, around = areas[part] == at, product[part] & ~strange[part]
            if by_light[part][blob].mean() < 0.5 or _is_sharp(blob, around, lab[part], steps[part], scale):
                kept[part] |= blob
    kept &= ~_pattern(kept, lab, core, colours, scale)
    kept |= _printed_on(kept, np.asarray(areas, dtype=np.int32), np.asarray(stats, dtype=np.int32), scale)
    return cv2.morphologyEx(kept.astype(np.uint8), cv2.MORPH_CLOSE, disc(scale)) > 0


ENCLOSED = 0.6
"""Share of a strange area's border that is of a thing, from which on it belongs to that."""


def _printed_on(kept: Where, areas: Places, stats: Places, scale: float) -> Where:
    """Return which other strange areas lie on what is kept, as letters do on a strap."""
    near = cv2.dilate(kept.astype(np.uint8), disc(2 * scale)) > 0
    made = np.zeros_like(kept)
    for at in np.unique(areas[near & ~kept]):
        part = _window(stats[at], 4 * scale, kept.shape)
        blob = areas[part] == at
        ring = (cv2.dilate(blob.astype(np.uint8), disc(2 * scale)) > 0) & ~blob
        if at > 0 and near[part][ring].mean() > ENCLOSED:
            made[part] |= blob
    return made


def _steps(lab: Floats, product: Where, scale: float) -> Floats:
    """Return H x W: the greatest difference of colours within 5 px, on the product alone."""
    least, most = (np.where(product[..., None], lab, np.float32(end)) for end in (1e3, -1e3))
    apart = cv2.dilate(most, disc(2 * scale)) - cv2.erode(least, disc(2 * scale))
    return np.asarray(np.where(product, np.linalg.norm(apart, axis=2), 0), dtype=np.float32)


SHARP, PLAIN = 0.6, 20.0
"""Share of a contrast within 5 px, and the contrast, from which on an edge is an object's and not the light's."""
THICK = 5.5
"""Half the width of what, being darker than cloth and sharply so, is no fold."""


def _is_sharp(blob: Where, around: Where, lab: Floats, steps: Floats, scale: float) -> bool:
    """Return whether most of the difference between a blob and the cloth around it lies within 5 px of its edge."""
    edge = blob & ~(cv2.erode(blob.astype(np.uint8), disc(1)) > 0)
    ring = around & (cv2.dilate(blob.astype(np.uint8), disc(7 * scale)) > 0)
    if not ring.any():
        return True
    difference = lab[blob].mean(axis=0) - lab[ring].mean(axis=0)
    contrast = float(np.linalg.norm(difference))
    if difference[0] < 0 and cv2.distanceTransform(blob.astype(np.uint8), cv2.DIST_L2, 3).max() < THICK * scale:
        return False
    return contrast > PLAIN and float(np.percentile(steps[edge], 75)) > SHARP * contrast


def _window(stats: Places, margin: float, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Return the rows and columns of a component's box and a margin."""
    left, top, width, height = (int(number) for number in stats[:4])
    far = round(margin) + 1
    return slice(max(0, top - far), min(shape[0], top + height + far)), slice(
        max(0, left - far), min(shape[1], left + width + far)
    )


SCATTERED, SPARSE, SMALL = 0.25, 5.0, 0.01
"""Share of the product in reach of things of one colour, or all small ones, that makes them a pattern; how many times
their area that is then; and a small one's share."""


def _pattern(things: Where, lab: Floats, core: Where, colours: _Colours, scale: float) -> Where:
    """Return the things whose colour is scattered over the product: its pattern."""
    count, areas, stats, _ = cv2.connectedComponentsWithStats(things.astype(np.uint8), connectivity=8)
    size = np.maximum(stats[:, cv2.CC_STAT_AREA], 1)[:, None]
    means = np.stack([np.bincount(areas.ravel(), lab[..., k].ravel(), count) for k in range(3)], axis=1) / size
    kinds = nearest_of(means.astype(np.float32), colours.lab)
    kinds[0] = -1
    small = (size[:, 0] < SMALL * core.sum()) & (kinds >= 0)
    scattered = small & _is_sparse(small[areas] & core, core, scale)
    for kind in np.unique(kinds[1:]):
        own = (kinds == kind)[areas] & core
        area, spread = float(own.sum() / core.sum()), _spread(own, core, scale)
        everywhere = spread > EVERYWHERE and spread - area > MINGLED
        varied = colours.varied and max(spread, colours.spread[kind]) > MANY_COLOURED
        if everywhere or varied or _is_sparse(own, core, scale):
            scattered |= kinds == kind
    return np.asarray(scattered[areas])


def _is_sparse(what: Where, core: Where, scale: float) -> bool:
    """Return whether little things lie all over the product."""
    spread = _spread(what, core, scale)
    return spread > SCATTERED and spread > SPARSE * float(what.sum() / core.sum())


REACH = 10.0


def _spread(what: Where, core: Where, scale: float) -> float:
    """Return the share of the product within reach of `what`, 0..1."""
    return float((cv2.dilate(what.astype(np.uint8), disc(REACH * scale)) > 0)[core].mean())


THIN, LEAST_THIN = 6.0, 40.0
"""Half the width of what may be a hanger, a hook or a string, and the least area of one in px."""


def _thin(lab: Floats, product: Where, mains: Floats, gleam: Floats, scale: float) -> Where:
    """Return the thin parts of another colour: hangers, hooks, strings; a hook on top in any colour."""
    solid = product.astype(np.uint8)
    whole = np.array(cv2.boundingRect(solid))
    thin = solid - cv2.morphologyEx(solid, cv2.MORPH_OPEN, disc(THIN * scale))
    count, areas, stats, _ = cv2.connectedComponentsWithStats(thin, connectivity=8)
    made = np.zeros_like(product)
    for at in range(1, count):
        if stats[at, cv2.CC_STAT_AREA] > LEAST_THIN * scale**2:
            part = areas == at
            light = np.min([np.abs(lab[..., 0][part] - main[0]) for main in mains], axis=0)
            if gleam[part].mean() > OTHER or light.mean() > 1.5 * DARKER or _is_hook(stats[at], whole, scale):
                made |= part
    return made


HOOK_ASIDE, HOOK_WIDTH, HOOK_HEIGHT = 0.2, 0.15, 10.0
"""How far a hook may be from the middle and how wide it is, as shares of the product's width; its least height in px.
"""


def _is_hook(part: Places, whole: Places, scale: float) -> bool:
    """Return whether a thin part is a hanger's hook: upright, at the top of the product and in its middle."""
    left, top, width, height = (int(number) for number in part[:4])
    middle = (left + width / 2 - whole[0]) / whole[2]
    on_top = top - whole[1] <= 2 and abs(middle - 0.5) < HOOK_ASIDE
    return bool(on_top and height > HOOK_HEIGHT * scale and width < HOOK_WIDTH * whole[2])


ANOTHER = 0.12
"""Share of the product from which on a part is another garment rather than a detail."""


def _large(kept: Where, product: Where) -> int:
    """Return how many of the parts kept are as large as garments."""
    stats = cv2.connectedComponentsWithStats(kept.astype(np.uint8), connectivity=8)[2]
    return int((stats[1:, cv2.CC_STAT_AREA] > ANOTHER * product.sum()).sum())
