"""The report of a cut-out, a packshot or a check: what was asked of its frame, its rules, its product's own pixels."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np

from likeness.contract.compliance import Compliance, RuleRow
from likeness.contract.gates import GateKind, Gates
from likeness.contract.report import FrameRow, Lock, Report, Score, Verdict
from likeness.imaging.assessment.edit_figures import Values, measured_cutout
from likeness.imaging.assessment.edit_gates import Judged as Outline
from likeness.imaging.assessment.edit_gates import judged as judged_figures
from likeness.imaging.assessment.scores import scored
from likeness.imaging.colour import CHANNELS, Bytes, Floats, samples_of
from likeness.imaging.metrics.delta_e import delta_e
from likeness.imaging.metrics.psnr import psnr
from likeness.imaging.metrics.ssim import ssim
from likeness.imaging.packshot.cutout import Box, Cutout
from likeness.imaging.packshot.shoot import EVEN, Shot
from likeness.imaging.picture import Picture

SIDE: Final = 512
"""Px of the longer side at which a product is compared with the original."""
BEHIND: Final = 0.5
FINE: Final = "frame as asked; every rule that must be met is"
METRICS: Final = {"psnr": psnr, "ssim": ssim, "delta_e": delta_e}


@dataclass(frozen=True)
class Judged:
    """What is known of a made picture beside its file: the size and mode asked, its rules, and what was measured.

    `alpha` is the product's own in the picture, H x W in 0..255; None where nothing was cut out. `wavy` is how
    far the product's outline wavers beside its edge in the original, `hanger` how probable it is that one shows.
    """

    size: tuple[int, int]
    mode: str
    compliance: Compliance
    doubt: float
    locked: Lock | None = None
    scores: Sequence[Score] = ()
    notes: Sequence[str] = field(default=())
    alpha: Bytes | None = None
    gates: Gates = field(default_factory=Gates)
    wavy: float | None = None
    hanger: float | None = None


def reported(judged: Judged, made: Picture) -> Report:
    """Return the report of a made picture, measured on its file. A `must` that is missed rejects it."""
    frame = _frame(judged, made)
    misses = [f"{row.name}: {row.made}, asked {row.given}" for row in frame if not row.equal]
    misses += [missed(row) for row in judged.compliance.missed]
    unknown = [f"{row.rule} could not be judged: {row.note}" for row in judged.compliance.unjudged]
    if judged.locked and judged.locked.max_abs_diff:
        misses.append(f"the product's own pixels changed by {judged.locked.max_abs_diff}")
    outline = _outline(judged)
    wrong = [*misses, *outline.misses]
    advised = [missed(row) for row in judged.compliance.rows if row.level == "advised" and row.ok is False]
    return Report(
        frame=frame,
        fidelity=list(judged.scores),
        compliance=judged.compliance,
        locked=judged.locked,
        kind=GateKind.PACKSHOT if outline.figures else None,
        figures=outline.figures,
        verdict=Verdict.REJECTED if wrong else Verdict.NOT_JUDGED if unknown else Verdict.ACCEPTED,
        retouchable=bool(wrong) and not misses and outline.mendable,
        reasons=[*wrong, *unknown, *([] if wrong or unknown else [FINE]), *advised, *judged.notes],
    )


def _outline(judged: Judged) -> Outline:
    """Return what an editor would say of the product's outline."""
    if judged.alpha is None:
        values: Values = {"doubt": judged.doubt}
    else:
        values = measured_cutout(judged.alpha, judged.doubt, judged.wavy, judged.hanger)
    return judged_figures(values, judged.gates.of(GateKind.PACKSHOT))


def missed(row: RuleRow) -> str:
    """Return the sentence for a rule that is not met."""
    advised = ", advised" if row.level == "advised" else ""
    pixels = f" ({row.offending} pixels)" if row.offending else ""
    return f"{row.rule}: {row.found or row.note}{pixels}; asked{advised}: {row.asked}"


def kept_exactly(product: Cutout, made: Picture, matte: bool) -> Lock:
    """Return the proof that a cut-out's opaque pixels are the original's, on the file; of a matte, on all of it."""
    samples = samples_of(made.pixels)
    if matte:
        return Lock(area=1.0, max_abs_diff=_most(samples, product.alpha))
    solid = product.alpha == 255
    most = max(_most(samples[..., :3][solid], product.rgb[solid]), _most(samples[..., 3], product.alpha))
    return Lock(area=float(solid.mean()), max_abs_diff=most)


def same_product(rgb: Bytes, product: Cutout, shot: Shot, made: Picture) -> list[Score]:
    """Return how alike the product is to the original (`rgb`, H x W x 3), both shown at the same small size.

    Null where it was turned or its colours were balanced, as was asked.
    """
    if shot.degrees or shot.gains != EVEN or product.box is None:
        asked = "the product was turned, or its colours balanced, as was asked"
        return [scored(name, None, asked) for name in METRICS]
    box, alpha = product.box, product.alpha
    scale = min(SIDE / max(box.width, box.height), shot.placement.scale, 1.0)
    size = max(16, round(box.width * scale)), max(16, round(box.height * scale))
    one, cover = _cut(rgb, box, size), _cut(alpha, box, size)[..., None]
    left, top, right, bottom = shot.placement.of(box)
    placed = np.asarray(made.pixels.convert("RGB"))
    other = _warped(placed, (left, top, right, bottom), size)
    solid = (cover > 0.999).astype(np.float32)
    shown = [solid * plane + (1 - solid) * np.float32(BEHIND) for plane in (one, other)]
    return [scored(name, metric(*shown)) for name, metric in METRICS.items()]


def _frame(judged: Judged, made: Picture) -> list[FrameRow]:
    mode = made.pixels.mode
    asked = {"width": judged.size[0], "height": judged.size[1], "mode": judged.mode}
    asked["channels"] = CHANNELS[judged.mode]
    found = {"width": made.pixels.width, "height": made.pixels.height, "mode": mode, "channels": CHANNELS[mode]}
    return [
        FrameRow(name=name, given=asked[name], made=found[name], equal=asked[name] == found[name]) for name in asked
    ]


def _most(one: Bytes, other: Bytes) -> int:
    return int(np.abs(one.astype(np.int16) - other).max(initial=0))


def _cut(plane: Bytes, box: Box, size: tuple[int, int]) -> Floats:
    part = plane[box.top : box.bottom, box.left : box.right]
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    return np.multiply(small, np.float32(1 / 255), dtype=np.float32)


def _warped(plane: Bytes, place: tuple[float, float, float, float], size: tuple[int, int]) -> Floats:
    """Return what lies at a place, in px and parts of px, at another size, averaged where it is made smaller."""
    left, top, right, bottom = place
    steps = max(1, round((right - left) / size[0]))
    wide, high = size[0] * steps, size[1] * steps
    across, down = (right - left) / wide, (bottom - top) / high
    move = np.array([[across, 0, left + across / 2 - 0.5], [0, down, top + down / 2 - 0.5]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    fine = cv2.warpAffine(plane, move, (wide, high), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    small = cv2.resize(fine, size, interpolation=cv2.INTER_AREA)
    return np.multiply(small, np.float32(1 / 255), dtype=np.float32)
