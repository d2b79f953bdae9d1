"""From figures to a verdict: which limits are met, what an editor would say, whether a retoucher could mend it."""

from collections.abc import Mapping
from dataclasses import dataclass

from likeness.contract.gates import UNJUDGED, GateKind, Limit
from likeness.contract.report import Figure, Verdict
from likeness.imaging.assessment.edit_figures import MEANINGS, Meaning

NO_FIGURE = "it cannot be measured on this image: too small, nothing there to measure, or the mask was sent"
PERSON = "{} cannot be judged by figures: look at it"
UNJUDGED_NAMES = {
    GateKind.MATERIAL: "a material",
    GateKind.STYLE: "a style",
    GateKind.FILL: "what was drawn anew",
    GateKind.CONTROL: "what was drawn anew",
    GateKind.DRAWN: "what was drawn anew",
}


@dataclass(frozen=True)
class Judged:
    """The figures with their limits, a sentence for each that was missed, and whether those can be mended by hand."""

    figures: list[Figure]
    misses: list[str]
    mendable: bool


def judged(values: Mapping[str, float | None], limits: Mapping[str, Limit]) -> Judged:
    """Return what the figures of an image are worth against the limits of its kind."""
    figures = [_figure(name, value, limits.get(name)) for name, value in values.items()]
    missed = [figure for figure in figures if not figure.met]
    return Judged(figures, [_sentence(figure) for figure in missed], all(_mendable(figure) for figure in missed))


def verdict_of(kind: GateKind, misses: int) -> tuple[Verdict, list[str]]:
    """Return the verdict of an image with so many misses, and what is to be said where no figure can accept it."""
    if misses:
        return Verdict.REJECTED, []
    if kind in UNJUDGED:
        return Verdict.NOT_JUDGED, [PERSON.format(UNJUDGED_NAMES[kind])]
    return Verdict.ACCEPTED, []


def _figure(name: str, value: float | None, limit: Limit) -> Figure:
    meaning = MEANINGS[name]
    return Figure(
        name=name,
        value=value,
        unit=meaning.unit,
        higher_is_better=meaning.higher_is_better,
        reason=NO_FIGURE if value is None else None,
        least=meaning.least,
        most=meaning.most,
        limit=limit,
        met=value is None or limit is None or (value >= limit if meaning.higher_is_better else value <= limit),
        misses=meaning.misses,
    )


def _sentence(figure: Figure) -> str:
    value, limit = figure.value or 0.0, figure.limit or 0.0
    digits = 2 if abs(limit) >= 0.1 and round(value, 2) != round(limit, 2) else 4
    side = "at least" if figure.higher_is_better else "at most"
    fault = MEANINGS[figure.name].fault
    return f"{fault} ({figure.name} {value:.{digits}f}, {side} {limit:.{digits}f} is asked)"


def _mendable(figure: Figure) -> bool:
    meaning: Meaning = MEANINGS[figure.name]
    if meaning.mendable is None or figure.value is None or figure.limit is None:
        return False
    if meaning.higher_is_better:
        return figure.value >= figure.limit - meaning.mendable
    return figure.value <= max(figure.limit, 1e-3) * meaning.mendable
