"""The metrics of a report: their units, which way is better, and the sentence that says that one was missed."""

from collections.abc import Iterable

from likeness.contract.report import Score, Thresholds

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
    "hue_error": "degrees",
    "colour_delta_e": "dE00",
    "pixel_delta_e": "dE00",
    "change_inside": "dE00",
    "change_outside": "dE00",
    "clip_score": "ratio",
    "directional_similarity": "ratio",
    "lightness": "L*",
}
HIGHER_IS_BETTER = {
    *("psnr", "ssim", "ms_ssim", "edge_f1", "clip_similarity"),
    *("change_inside", "clip_score", "directional_similarity"),
}

SIZES_DIFFER = "the images differ in size"


def scored(name: str, value: float | None, reason: str | None = None) -> Score:
    """Return the metric of that name, a key of UNITS; without a value `reason` says why."""
    return Score(name=name, value=value, unit=UNITS[name], higher_is_better=name in HIGHER_IS_BETTER, reason=reason)


def missed(scores: Iterable[Score], thresholds: Thresholds) -> list[str]:
    """Return a sentence for each asked metric that was measured and missed."""
    asked = thresholds.asked()
    return [
        _miss(score, score.value, asked[score.name])
        for score in scores
        if score.value is not None and score.name in asked and _misses(score, score.value, asked[score.name])
    ]


def _misses(score: Score, value: float, bound: float) -> bool:
    return value < bound if score.higher_is_better else value > bound


def _miss(score: Score, value: float, bound: float) -> str:
    """Return the sentence, with as many digits as it takes to tell the two metrics apart."""
    digits = 2 if round(value, 2) != round(bound, 2) else 6
    side = "below" if score.higher_is_better else "above"
    return f"{score.name} {value:.{digits}f} is {side} the asked {bound:.{digits}f}"
