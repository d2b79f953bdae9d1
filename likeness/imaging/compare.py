"""The quality report of a made picture: the frame of both, the figures, the verdict and its reasons."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likeness.contract.report import FrameRow, Report, Score, Thresholds, Verdict
from likeness.imaging.colour import Floats, alpha_of, rgb_of
from likeness.imaging.frame import frame_table, upright
from likeness.imaging.metrics.delta_e import delta_e
from likeness.imaging.metrics.drift import drift
from likeness.imaging.metrics.edge_f1 import edge_f1
from likeness.imaging.metrics.ms_ssim import ms_ssim
from likeness.imaging.metrics.psnr import psnr
from likeness.imaging.metrics.ssim import ssim
from likeness.imaging.picture import Picture

BACKDROP = 0.5
THREADS = 2
SIZES_DIFFER = "the pictures differ in size"
NO_WEIGHTS = "no weights for it are installed"
NOTHING_TO_ALIGN = "too small or too flat to align"

METRICS = {"psnr": psnr, "ssim": ssim, "ms_ssim": ms_ssim, "delta_e": delta_e, "edge_f1": edge_f1}
UNITS = {
    "psnr": "dB",
    "ssim": "ratio",
    "ms_ssim": "ratio",
    "delta_e": "dE00",
    "edge_f1": "ratio",
    "drift": "px",
    "lpips": "ratio",
    "st_lpips": "ratio",
    "clip_similarity": "ratio",
}
LOWER_IS_BETTER = {"delta_e", "drift", "lpips", "st_lpips"}
LEARNED = ("lpips", "st_lpips", "clip_similarity")


def assess(given: Picture, made: Picture, thresholds: Thresholds) -> Report:
    """Return the report of `made` against `given`, two pictures of any sizes and modes.

    Both are measured as shown: upright, in RGB, over mid-grey by the given alpha (so hidden colours do not count).
    """
    frame = frame_table(given, made)
    fidelity = _fidelity(_as_shown(given, given), _as_shown(made, given))
    misses = _frame_misses(frame) + _fidelity_misses(fidelity, thresholds)
    verdict = Verdict.REJECTED if misses else Verdict.ACCEPTED
    return Report(frame=frame, fidelity=fidelity, verdict=verdict, reasons=misses or [_praise(thresholds)])


def _as_shown(picture: Picture, given: Picture) -> Floats:
    """Return the picture upright, H x W x 3 in 0..1, over mid-grey by the given alpha where that fits in size."""
    rgb: NDArray[Any] = rgb_of(picture)
    alpha = alpha_of(given)
    if alpha is not None and alpha.shape == rgb.shape[:2]:
        share = np.multiply(alpha, np.float32(1 / 255), dtype=np.float32)[..., None]
        rgb = rgb * share + np.float32(BACKDROP) * (1 - share)
    return np.ascontiguousarray(upright(rgb, picture.orientation))


def _fidelity(given: Floats, made: Floats) -> list[Score]:
    if given.shape != made.shape:
        measured = [_score(name, None, SIZES_DIFFER) for name in (*METRICS, "drift")]
    else:
        with ThreadPoolExecutor(THREADS) as pool:  # NumPy and OpenCV let go of the interpreter while they compute
            shift = pool.submit(drift, given, made)
            values = pool.map(lambda metric: metric(given, made), METRICS.values())
            measured = [_score(name, value) for name, value in zip(METRICS, values, strict=True)]
            measured.append(_drift_score(shift.result()))
    return measured + [_score(name, None, NO_WEIGHTS) for name in LEARNED]


def _score(name: str, value: float | None, reason: str | None = None) -> Score:
    return Score(name=name, value=value, unit=UNITS[name], higher_is_better=name not in LOWER_IS_BETTER, reason=reason)


def _drift_score(shift: tuple[float, float] | None) -> Score:
    """Return the length of the shift; the reason tells its direction."""
    if shift is None:
        return _score("drift", None, NOTHING_TO_ALIGN)
    right, down = shift
    return _score("drift", float(np.hypot(right, down)), f"{right:+.2f} px to the right, {down:+.2f} px down")


def _frame_misses(frame: list[FrameRow]) -> list[str]:
    return [f"the frame changed: {row.name} {row.given} -> {row.made}" for row in frame if not row.equal]


def _fidelity_misses(fidelity: list[Score], thresholds: Thresholds) -> list[str]:
    """Return a sentence for each asked figure that was missed, and one when nothing could be measured."""
    if any(score.reason == SIZES_DIFFER for score in fidelity):
        return [SIZES_DIFFER]
    asked: dict[str, float] = thresholds.model_dump(exclude_none=True)
    return [
        _miss(score, score.value, asked[score.name])
        for score in fidelity
        if score.value is not None and score.name in asked and _missed(score, score.value, asked[score.name])
    ]


def _missed(score: Score, value: float, bound: float) -> bool:
    return value < bound if score.higher_is_better else value > bound


def _miss(score: Score, value: float, bound: float) -> str:
    """Return the sentence, with as many digits as it takes to tell the two figures apart."""
    digits = 2 if round(value, 2) != round(bound, 2) else 6
    side = "below" if score.higher_is_better else "above"
    return f"{score.name} {value:.{digits}f} is {side} the asked {bound:.{digits}f}"


def _praise(thresholds: Thresholds) -> str:
    asked = thresholds.model_dump(exclude_none=True)
    return "frame equal; every threshold met" if asked else "frame equal; no threshold was asked"
