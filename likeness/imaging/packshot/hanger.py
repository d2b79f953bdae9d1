"""The hanger that a garment hangs on, and that nobody sells with it."""

from typing import Final

import cv2
import numpy as np

from likeness.imaging.colour import Bytes, Floats
from likeness.imaging.edits.recolour import lab_of
from likeness.imaging.local_colour import Places
from likeness.imaging.outline import Where, disc, reduced, scale_of

FAINT: Final = 0.25
"""The mask from which on there may be something."""
THICK: Final = 7.0
"""Half the width up to which a hook is thin, in px of a picture whose short side is 400, as all widths here."""
SHANK: Final = 6.0
"""Least height of a hook's upright part: rows in which it is one stroke."""
LEAST: Final = 25.0
"""Least area of a hook, and of what goes, in px."""
STROKE: Final = 14.0
"""Most width of that stroke."""
SLENDER: Final = 1.5
"""Its least height over its width."""
ASIDE: Final = 0.2
"""How far from the middle of the garment a hook may be, as a share of its width."""
SLIM: Final = 0.35
"""Width of a hook over the garment's, up to which it is one."""
SHOULDERS: Final = 0.35
"""Share of its width that a garment reaches within the next share of its height below the hook."""
BELOW: Final = 0.12
SELDOM: Final = 0.2
"""Share of a product's top that has the hook's colour, from which on it is the product's own."""
ALIKE: Final = 20.0
"""Distance in CIELAB up to which a colour is the hook's."""
WALLS: Final = 0.4
"""Share of what is about a hook, from which on its colour is the wall's."""
BAR: Final = 9.0
"""Half the width up to which a bar may be a hanger's."""
REACH: Final = 0.2
"""Share of the garment's height, from its top, in which the rest of a hanger is looked for."""
FRAGMENT: Final = 0.05
"""Share of the garment up to which a piece that only a hook held goes with it."""


def unhung(rgb: Bytes, mask: Floats, alpha: Bytes) -> Bytes:
    """Return alpha (H x W, 0..255) of the product in `rgb` (H x W x 3, 0..255) without the hanger that it hangs on.

    `mask` (H x W, 0..1) is what a network took for the product. A hanger is known by its hook, in mask or alpha: a slim
    stroke that rises from the middle of a product's top, where that is as broad as shoulders, in a colour that neither
    the wall has nor, but for a little, the product. What joins it in its colour, and is no broader than a hanger's bar,
    goes with it, save what lies between two edges of cloth: there would be a hole. The very array that was given is
    returned where there is no hook.
    """
    seen, product, cut = reduced(rgb), reduced(mask) > FAINT, reduced(alpha) > 127
    scale = scale_of(cut.shape)
    lab = lab_of(np.asarray(seen / np.float32(255), np.float32))
    gone = cut & (_hanger(lab, product, cut, scale) | _hanger(lab, cut, cut, scale))
    return _without(alpha, gone, cut, scale)


def _hanger(lab: Floats, where: Where, cut: Where, scale: float) -> Where:
    """Return what a hook that rises from `where` belongs to; `cut` is the product as it was cut out."""
    body = _body(where, scale)
    found = np.zeros_like(body)
    if not body.any():
        return found
    box = np.array(cv2.boundingRect(body.astype(np.uint8)))
    top = body & cut & (np.arange(len(cut))[:, None] < box[1] + REACH * box[3])
    for hook in _hooks(where & ~body, body, box, scale):
        wall = (cv2.dilate(hook.astype(np.uint8), disc(4 * scale)) > 0) & ~(cut | where)
        alike = np.linalg.norm(lab - _colour(lab, hook, wall), axis=2) < ALIKE
        on_wall = bool(wall.any()) and float(alike[wall].mean()) > WALLS
        if top.any() and float(alike[top].mean()) < SELDOM and not on_wall:
            found |= _joined(hook, alike & (cut | where), box, scale)
    return found


def _body(product: Where, scale: float) -> Where:
    """Return the largest part of a product without what is thin."""
    broad = cv2.morphologyEx(np.pad(product.astype(np.uint8), 16), cv2.MORPH_OPEN, disc(THICK * scale))[16:-16, 16:-16]
    count, parts, stats, _ = cv2.connectedComponentsWithStats(broad, connectivity=8)
    return np.asarray(parts == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])) if count > 1 else broad > 0)


def _hooks(thin: Where, body: Where, box: Places, scale: float) -> list[Where]:
    """Return the thin part that is a hook by its shape, if there is one; several are straps."""
    count, parts, stats, _ = cv2.connectedComponentsWithStats(thin.astype(np.uint8), connectivity=8)
    large = stats[:, cv2.CC_STAT_AREA] >= LEAST * scale**2
    upright = [at for at in range(1, count) if large[at] and _on_top(stats[at], body, box, scale)]
    strokes = [parts == at for at in upright if _is_stroke(parts == at, stats[at], scale)]
    return strokes if len(strokes) == 1 else []


def _on_top(part: Places, body: Where, box: Places, scale: float) -> bool:
    """Return whether a part rises from the middle of a body's top, where that is as broad as shoulders are."""
    left, top, width, height = (int(number) for number in part[:4])
    middle = left + width / 2
    if abs(middle - box[0] - box[2] / 2) > ASIDE * box[2] or width > SLIM * box[2]:
        return False
    columns = body[:, left : left + width].any(axis=1)
    start = int(np.argmax(columns)) if columns.any() else body.shape[0]
    below = body[top + height - 1 : top + height + round(BELOW * box[3])]
    broad = int(below.any(axis=0).sum()) >= SHOULDERS * box[2]
    return broad and start - top >= SHANK * scale and top + height / 2 < box[1] + REACH * box[3]


def _is_stroke(part: Where, stats: Places, scale: float) -> bool:
    """Return whether a part is one upright stroke in enough of its rows, as no strap that returns is."""
    left, top, width, height = (int(number) for number in stats[:4])
    own = part[top : top + height, left : left + width]
    strokes = (np.diff(np.pad(own, ((0, 0), (1, 0))).astype(np.int8), axis=1) > 0).sum(axis=1)
    across = own.shape[1] - np.argmax(own[:, ::-1], axis=1) - np.argmax(own, axis=1)
    single = (strokes == 1) & (across <= STROKE * scale)
    rows = int(single.sum())
    return rows >= SHANK * scale and rows >= SLENDER * float(np.median(across[single]))


def _colour(lab: Floats, hook: Where, wall: Where) -> Floats:
    """Return the colour of that half of a hook that is least like the wall: the rest is mixed with it."""
    own = lab[hook]
    far = np.linalg.norm(own - np.median(lab[wall] if wall.any() else own, axis=0), axis=1)
    return np.asarray(np.median(own[far >= np.median(far)], axis=0), np.float32)


def _joined(hook: Where, alike: Where, box: Places, scale: float) -> Where:
    """Return a hook with what joins it in its colour, near the top and no broader than a bar."""
    near = np.arange(len(hook))[:, None] < box[1] + REACH * box[3]
    candidates = (alike & near).astype(np.uint8)
    broad = cv2.morphologyEx(candidates, cv2.MORPH_OPEN, disc(BAR * scale))
    candidates = ((candidates > broad) | hook).astype(np.uint8)
    _, parts = cv2.connectedComponents(cv2.morphologyEx(candidates, cv2.MORPH_CLOSE, disc(scale)), connectivity=8)
    return np.asarray(np.isin(parts, np.unique(parts[hook])) & (candidates > 0))


def _without(alpha: Bytes, gone: Where, product: Where, scale: float) -> Bytes:
    """Return alpha without what is gone, but for what lies between two edges of the rest."""
    rest = (product & ~gone).astype(np.uint8)
    if not rest.any():
        return alpha
    _, parts, stats, _ = cv2.connectedComponentsWithStats(rest, connectivity=8)
    held = np.unique(parts[cv2.dilate(gone.astype(np.uint8), disc(1)) > 0])
    small = stats[:, cv2.CC_STAT_AREA] < FRAGMENT * stats[1:, cv2.CC_STAT_AREA].max()
    gone = gone | np.isin(parts, [at for at in held if at > 0 and small[at]])
    kept = cv2.morphologyEx((product & ~gone).astype(np.uint8), cv2.MORPH_CLOSE, disc(THICK * scale))
    gone = gone & (kept == 0)
    if gone.sum() < LEAST * scale**2:
        return alpha
    rim = cv2.dilate(gone.astype(np.uint8), disc(3 * scale)) * (1 - kept)
    left = cv2.resize((1 - rim).astype(np.float32), alpha.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.rint(alpha * left), np.uint8)
