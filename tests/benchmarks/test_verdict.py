"""The limits that ship agree with the people who judged the images of the table."""

import pytest

from benchmarks.verdict.figures import judged_table
from benchmarks.verdict.own import own_table
from likeness.contract.gates import GateKind, Gates
from likeness.imaging.assessment.calibration import Judged, Judgement, agreement

AGREED, FALSELY_ACCEPTED = 0.9, 0.05
JUDGED = judged_table()


def of_kind(kind: GateKind, judged: list[Judged]) -> list[Judged]:
    return [one for one in judged if one.kind is kind]


@pytest.mark.parametrize("kind", sorted({one.kind for one in JUDGED}))
def test_publish_and_never_are_agreed_on(kind: GateKind) -> None:
    found = agreement(of_kind(kind, JUDGED), Gates())
    assert found.share is None or found.share >= AGREED


def test_hardly_any_image_that_is_never_published_is_accepted() -> None:
    for judged in (JUDGED, judged_table(fitting=False)):
        found = agreement(judged, Gates())
        assert found.passed[Judgement.NEVER] <= FALSELY_ACCEPTED * found.judged[Judgement.NEVER]
        assert found.judged[Judgement.NEVER] > 50


def test_edits_of_our_own_whose_mask_missed_the_product_are_rejected() -> None:
    found = agreement(own_table(), Gates())
    assert found.passed[Judgement.NEVER] <= 3 and found.judged[Judgement.NEVER] == 28
    assert found.passed[Judgement.PUBLISH] >= AGREED * found.judged[Judgement.PUBLISH]


def test_limits_are_fitted_on_a_third_of_the_pictures_and_reported_on_the_rest() -> None:
    fitted_on, held_out = judged_table(fitting=True), judged_table(fitting=False)
    assert len(fitted_on) + len(held_out) == len(JUDGED)
    assert len(held_out) > len(fitted_on) > 20
