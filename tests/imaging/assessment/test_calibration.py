"""Limits fitted to judgements: they part what a person parts, and change nothing where nothing is gained."""

from likeness.contract.gates import GateKind, Gates
from likeness.imaging.assessment.calibration import LEAST, Judged, Judgement, agreement, fitted, passes


def judged(judgement: str, **figures: float) -> Judged:
    return Judged(GateKind.COLOUR, figures, Judgement(judgement))


STRICT = [judged("P", blotches=0.02 * number) for number in range(6)]
STRICT += [judged("N", blotches=0.2 + 0.02 * number) for number in range(6)]
"""A person who finds blotchy what looser limits let pass."""


def test_a_limit_is_set_between_what_a_person_parts() -> None:
    limits = fitted(STRICT, Gates())
    assert 0.1 < limits["colour"]["blotches"] < 0.2 and set(limits) == {"colour"} and len(limits["colour"]) == 1
    before, after = agreement(STRICT, Gates()), agreement(STRICT, Gates().with_overrides(limits))
    assert (before.share, after.share) == (0.5, 1.0)
    assert after.passed == {"P": 6, "R": 0, "N": 0}


def test_limits_that_agree_already_stay() -> None:
    agreed = [judged("P", blotches=0.1)] * LEAST + [judged("N", blotches=4.0)] * LEAST
    assert fitted(agreed, Gates()) == {}


def test_few_judgements_change_nothing() -> None:
    assert fitted([*STRICT[: LEAST - 1], *STRICT[6:]], Gates()) == {}
    assert agreement([], Gates()).share is None


def test_a_figure_that_must_not_fall_is_fitted_from_the_other_side() -> None:
    loose = [judged("P", folds_kept=0.7 + 0.01 * number) for number in range(6)]
    loose += [judged("N", folds_kept=0.2) for _ in range(6)]
    limit = fitted(loose, Gates())["colour"]["folds_kept"]
    assert limit is not None and 0.2 < limit < 0.7


def test_a_figure_that_was_not_measured_passes() -> None:
    assert passes({"blotches": None, "fringe": 1.0}, Gates().of(GateKind.COLOUR))
    assert not passes({"blotches": 9.0}, Gates().of(GateKind.COLOUR))
