"""Which run of a comparison is best, and which to take: plain arithmetic on the metrics of their reports."""

from collections.abc import Sequence

from likeness.contract.jobs import ComparedRun, Recommendation
from likeness.contract.report import Report, Score, Verdict, standing_of

ORDER = "accepted runs come first, then those not judged, then those that can be retouched"
MERIT = {
    "recreate": f"ssim - delta_e / 100; {ORDER}",
    "customise": "ssim - (colour_delta_e + change_outside) / 100, less 1 where the edit did not happen; " + ORDER,
}
"""How the merit of a run is computed, by what was asked; a metric that was not measured counts 0."""
NEAR = 0.01
"""Runs whose merit is no further than this below the best are as good; the fastest of them is recommended."""
MAIN = ("ssim", "psnr", "delta_e", "edge_f1")
TEXTS = ("prompt", "negative_prompt")
MAIN_OF_EDIT = (
    "hue_error",
    "colour_delta_e",
    "change_inside",
    "change_outside",
    "clip_score",
    "directional_similarity",
)


def main_figures(report: Report) -> list[Score]:
    """Return the metrics of a report that its row of the table shows; those that were not measured are left out."""
    edit = report.edit.scores if report.edit else []
    shown = [score for score in report.fidelity if score.name in MAIN]
    shown += [score for score in edit if score.name in MAIN_OF_EDIT]
    return [score for score in shown if score.value is not None]


def varied(runs: Sequence[ComparedRun]) -> list[str]:
    """Return the names of the parameters that differ between the runs which take them: numbers first, texts last."""
    values: dict[str, set[str]] = {}
    for run in runs:
        for name, value in run.parameters.items():
            values.setdefault(name, set()).add(str(value))
    differing = [name for name, found in values.items() if len(found) > 1]
    return sorted(differing, key=TEXTS.__contains__)


def merit_of(report: Report) -> float:
    """Return the merit of an image, at most 1, higher is better: MERIT says how it is computed."""
    values = {score.name: score.value or 0.0 for score in main_figures(report)}
    if report.edit is None:
        return values.get("ssim", 0.0) - values.get("delta_e", 0.0) / 100
    missed = values.get("colour_delta_e", 0.0) + values.get("change_outside", 0.0)
    return values.get("ssim", 0.0) - missed / 100 - (not report.edit.happened)


def ranked(runs: Sequence[ComparedRun]) -> list[ComparedRun]:
    """Return the runs best first with their ranks: by verdict, as ORDER says, then by merit; those that failed last."""
    made = sorted((run for run in runs if run.merit is not None), key=_worth, reverse=True)
    placed = [run.model_copy(update={"rank": place}) for place, run in enumerate(made, start=1)]
    return placed + [run for run in runs if run.merit is None]


def recommended(runs: Sequence[ComparedRun]) -> Recommendation:
    """Return which of the ranked runs to take, and why. At least one must have made an image."""
    made = [run for run in runs if run.rank is not None]
    best = made[0]
    equals = [run for run in made if _standing(run) == _standing(best) and _merit(best) - _merit(run) <= NEAR]
    taken = min(equals, key=_seconds)
    reasons = [_of_verdict(taken), *_of_merit(taken, made), *_of_time(taken, made)]
    return Recommendation(run=taken.run, reasons=reasons)


def _worth(run: ComparedRun) -> tuple[int, float, float]:
    return _standing(run), _merit(run), -_seconds(run)


def _standing(run: ComparedRun) -> int:
    return standing_of(run.verdict, run.retouchable)


def _merit(run: ComparedRun) -> float:
    return run.merit or 0.0


def _seconds(run: ComparedRun) -> float:
    return run.seconds or 0.0


def _of_verdict(taken: ComparedRun) -> str:
    if taken.verdict is Verdict.ACCEPTED:
        return f"{_named(taken)} was accepted."
    if taken.verdict is Verdict.NOT_JUDGED:
        return f"No run was accepted; nothing wrong was found with {_named(taken)}: look at it."
    if taken.retouchable:
        return f"No run was accepted; {_named(taken)} can be retouched."
    return f"No run was accepted; {_named(taken)} has the metrics that come nearest."


def _of_merit(taken: ComparedRun, made: Sequence[ComparedRun]) -> list[str]:
    """Return a sentence on how it stands to the best of the others."""
    others = [run for run in made if run is not taken]
    if not others:
        return ["No other run made an image to compare it with."]
    other = others[0]
    if other.rank == 1:
        more = _merit(other) - _merit(taken)
        return [
            f"{_named(other)} has {more:.3f} more merit, which counts as equal up to {NEAR}, and took longer: "
            f"{_seconds(other):.2f} s against {_seconds(taken):.2f} s."
        ]
    if _standing(other) != _standing(taken):
        return [f"The best of the others, {_named(other)}, was {_said(other)}."]
    merits = f"Its merit is {_merit(taken):.3f}; next is {_named(other)} with {_merit(other):.3f}"
    return [f"{merits}: {_of_figures(taken, other)}."]


def _said(run: ComparedRun) -> str:
    return "not judged" if run.verdict is Verdict.NOT_JUDGED else "rejected"


def _of_figures(taken: ComparedRun, other: ComparedRun) -> str:
    """Return the main metrics of both, side by side."""
    theirs = {score.name: score.value for score in other.figures}
    edited = any(score.name in MAIN_OF_EDIT for score in taken.figures)
    counted = ("ssim", *MAIN_OF_EDIT) if edited else ("ssim", "delta_e")
    pairs = [(score, theirs.get(score.name)) for score in taken.figures if score.name in counted]
    return ", ".join(f"{ours.name} {ours.value:.3g} against {value:.3g}" for ours, value in pairs if value is not None)


def _of_time(taken: ComparedRun, made: Sequence[ComparedRun]) -> list[str]:
    """Return a sentence on its time and that of the fastest."""
    fastest = min(made, key=_seconds)
    if fastest is taken:
        return [f"It took {_seconds(taken):.2f} s, the least of all."] if len(made) > 1 else []
    times = _seconds(taken) / max(_seconds(fastest), 1e-6)
    return [
        f"It took {_seconds(taken):.2f} s, {times:.1f} times as long as the fastest, {_named(fastest)}, "
        f"whose merit is {_merit(fastest):.3f} ({fastest.verdict})."
    ]


def _named(run: ComparedRun) -> str:
    return f"run {run.run} ({run.engine})"
