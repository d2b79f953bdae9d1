"""The quality report of a made image: the frame of both, the metrics, the verdict and its reasons."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from likeness.contract.gates import GateKind, Gates
from likeness.contract.report import TOLD_ONLY, FrameRow, Lock, Report, Score, Thresholds, Verdict
from likeness.imaging.assessment.edit_check import EditCheck, edit_report
from likeness.imaging.assessment.edit_figures import measured
from likeness.imaging.assessment.edit_gates import Judged, judged, verdict_of
from likeness.imaging.assessment.large import drift_of, ms_ssim_of, said, spread, ssim_of, step_of
from likeness.imaging.assessment.learned import Learned, LearnedMetrics, Unmeasured
from likeness.imaging.assessment.scores import SIZES_DIFFER, missed, scored
from likeness.imaging.assessment.tripwires import tripped
from likeness.imaging.colour import Floats, alpha_of
from likeness.imaging.colour_space import srgb_of
from likeness.imaging.frame import frame_table, upright
from likeness.imaging.masks import upright_size
from likeness.imaging.metrics.delta_e import delta_e
from likeness.imaging.metrics.edge_f1 import edge_f1
from likeness.imaging.metrics.psnr import psnr
from likeness.imaging.picture import Picture, header_of
from likeness.imaging.regions import Where, locked

BACKDROP = 0.5
THREADS = 2
LOSSY_STEPS = 24
"""Of 255: the largest change of a sample by JPEG at quality 95. Photos change by up to 10, white noise by 23."""
NOTHING_TO_ALIGN = "too small or too flat to align"

METRICS = ("psnr", "ssim", "ms_ssim", "delta_e", "edge_f1")
WITHOUT_NETWORKS = Unmeasured()


def assess(
    given: Picture,
    made: Picture,
    thresholds: Thresholds,
    check: EditCheck | None = None,
    metrics: LearnedMetrics = WITHOUT_NETWORKS,
    faults: Sequence[str] = (),
    *,
    any_size: bool = False,
) -> Report:
    """Return the report of `made` against `given`, two images of any sizes and modes; of an edit, with `check`.

    Both are measured as shown: upright, in RGB, over mid-grey by the given alpha (so hidden colours do not count). Only
    the lock looks at every stored sample. `metrics` measures what needs a trained network; `faults` says what is known
    to be wrong before anything is measured. With `any_size` an image of another size is measured all the same, brought
    to that of `given`; the frame rejects it either way.
    """
    frame = frame_table(given, made)
    seen, seen_made = _as_shown(given, given), _as_shown(made, given, any_size=any_size)
    notes = _notes(given, check) + (_brought(given, made) if any_size else [])
    one, two = _cut(seen), _cut(seen_made)
    learned = _learned(one, two, check, metrics)
    fidelity = _fidelity(one, two, (seen, seen_made)) + learned.fidelity
    edit, edit_misses = edit_report(seen, seen_made, check, thresholds, learned.edit) if check else (None, [])
    lock = None if check is None or check.kept is None else locked(given, made, check.kept, lossy=check.lossy)
    misses = [*faults, *frame_misses(frame), *tripped(one, two, _seen(given), check)]
    misses += _fidelity_misses(fidelity, thresholds) + edit_misses + _lock_misses(lock)
    view = _editors_view(one, two, check, thresholds)
    kind = GateKind.RECREATE if check is None else check.kind
    verdict, advice = verdict_of(kind, len(misses) + len(view.misses))
    told = [*dict.fromkeys([*misses, *view.misses]), *advice]
    praise = [] if misses or view.misses else [_praise(thresholds, check, lock)]
    return Report(
        frame=frame,
        fidelity=fidelity,
        edit=edit,
        locked=lock,
        kind=kind,
        figures=view.figures,
        verdict=verdict,
        retouchable=verdict is Verdict.REJECTED and not misses and view.mendable,
        reasons=[*told, *praise, *notes],
    )


def _editors_view(given: Floats, made: Floats, check: EditCheck | None, thresholds: Thresholds) -> Judged:
    """Return what an editor would say; nothing of two images whose sizes differ, which rejects anyway."""
    if given.shape != made.shape:
        return Judged([], [], mendable=False)
    kind = GateKind.RECREATE if check is None else check.kind
    return judged(measured(given, made, check), Gates().with_overrides(thresholds.gates).of(kind))


def _as_shown(picture: Picture, given: Picture, *, any_size: bool = False) -> Floats:
    """Return the image upright in sRGB, H x W x 3, over mid-grey by the given alpha where that fits in size.

    Through its profile, and beyond 0..1 where sRGB lacks the colour: differences of colour are measured there too.
    """
    rgb: NDArray[Any] = np.ascontiguousarray(upright(srgb_of(picture, cut=False), picture.orientation))
    width, height = upright_size(header_of(given))
    if any_size and rgb.shape[:2] != (height, width):
        shrinks = width * height < rgb.shape[0] * rgb.shape[1]
        rgb = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    alpha = alpha_of(given)
    if alpha is not None and rgb.shape[:2] == (height, width):
        share = np.multiply(upright(alpha, given.orientation), np.float32(1 / 255), dtype=np.float32)[..., None]
        rgb = rgb * share + np.float32(BACKDROP) * (1 - share)
    return np.ascontiguousarray(rgb)


def _brought(given: Picture, made: Picture) -> list[str]:
    """Return how images of two sizes were measured; nothing of two of one size."""
    (width, height), (wide, high) = (upright_size(header_of(picture)) for picture in (given, made))
    if (width, height) == (wide, high):
        return []
    return [f"measured on the second image brought from {wide} x {high} to {width} x {height} px"]


def _cut(rgb: Floats) -> Floats:
    """Return H x W x 3 in 0..1; the same array where it is."""
    return rgb if rgb.min(initial=0) >= 0 and rgb.max(initial=1) <= 1 else np.clip(rgb, 0, 1)


def _fidelity(given: Floats, made: Floats, seen: tuple[Floats, Floats]) -> list[Score]:
    """Return the metrics of two images in 0..1; delta_e is of them as `seen`, beyond 0..1 too."""
    if given.shape != made.shape:
        measured = [scored(name, None, SIZES_DIFFER) for name in (*METRICS, "drift")]
    else:
        step = step_of(given)
        metrics: dict[str, Callable[[], tuple[float, str | None]]] = {
            "psnr": lambda: (psnr(given, made), None),
            "ssim": lambda: ssim_of(given, made),
            "ms_ssim": lambda: ms_ssim_of(given, made),
            "delta_e": lambda: (delta_e(*(spread(one, step) for one in seen)), None),
            "edge_f1": lambda: (edge_f1(given, made), None),
        }
        with ThreadPoolExecutor(THREADS) as pool:  # NumPy and OpenCV let go of the interpreter while they compute
            shift = pool.submit(drift_of, given, made)
            values = pool.map(lambda name: metrics[name](), METRICS)
            measured = [scored(name, *value) for name, value in zip(METRICS, values, strict=True)]
            measured = [said(score, step) if score.name == "delta_e" else score for score in measured]
            measured.append(_drift_score(*shift.result()))
    return measured


def _learned(given: Floats, made: Floats, check: EditCheck | None, metrics: LearnedMetrics) -> Learned:
    if given.shape != made.shape:
        metrics = Unmeasured(SIZES_DIFFER)
    return metrics.measure(given, made, check.captions if check else None)


def _seen(given: Picture) -> Where | None:
    """Return where the upright image is more opaque than not, H x W; None is everywhere."""
    alpha = alpha_of(given)
    return None if alpha is None else upright(alpha > 127, given.orientation)


def _drift_score(shift: tuple[float, float] | None, said: str | None) -> Score:
    """Return the length of the shift; the reason tells its direction, and what is `said` of how it was measured."""
    if shift is None:
        return scored("drift", None, NOTHING_TO_ALIGN)
    right, down = shift
    told = f"{right:+z.2f} px to the right, {down:+z.2f} px down"
    return scored("drift", float(np.hypot(right, down)), f"{told}; {said}" if said else told)


def frame_misses(frame: Sequence[FrameRow]) -> list[str]:
    """Return a sentence for each row of the frame table that is not equal and should be."""
    changed = [row for row in frame if not row.equal and row.name not in TOLD_ONLY]
    return [f"the frame changed: {row.name} {row.given} -> {row.made}" for row in changed]


def _fidelity_misses(fidelity: list[Score], thresholds: Thresholds) -> list[str]:
    """Return a sentence for each asked metric that was missed, and one when nothing could be measured."""
    if any(score.reason == SIZES_DIFFER for score in fidelity):
        return [SIZES_DIFFER]
    asked = thresholds.asked()
    unknown = [score for score in fidelity if score.value is None and score.name in asked]
    return missed(fidelity, thresholds) + [f"{score.name} was asked, and is {score.reason}" for score in unknown]


def _lock_misses(lock: Lock | None) -> list[str]:
    if lock is None or lock.max_abs_diff <= (LOSSY_STEPS if lock.lossy else 0):
        return []
    return [f"kept pixels changed by {lock.max_abs_diff}" + (f", more than {LOSSY_STEPS}" if lock.lossy else "")]


def _notes(given: Picture, check: EditCheck | None) -> list[str]:
    """Return what is to be known beside the verdict."""
    lost = ["the HDR gain map was left out: the image shows its standard range"] if given.gain_map else []
    return [*lost, *(check.notes if check else ())]


def _kept(lock: Lock) -> str:
    if not lock.lossy:
        return "nothing that was to be kept changed"
    return f"what was to be kept changed by {lock.max_abs_diff} at most, measured after compression"


def _praise(thresholds: Thresholds, check: EditCheck | None, lock: Lock | None) -> str:
    """Return the sentence for a report without a miss."""
    said = ["frame equal"]
    if check:
        said.append("the edit happened")
    if lock and lock.area:
        said.append(_kept(lock))
    asked = thresholds.asked()
    return "; ".join([*said, "every threshold met" if asked else "no threshold was asked"])
