"""The limits that ship agree with those who judged: on what they were fitted to, and on what they were not."""

import pytest

from benchmarks.verdict.figures import judged_table
from benchmarks.verdict.own import TESTED, TRAINED
from likeness.contract.gates import GateKind, Gates
from likeness.files.judgements import read_judgements
from likeness.imaging.assessment.calibration import Judged, Judgement, agreement

AGREED, FALSELY_ACCEPTED = 0.9, 0.05
JUDGED = judged_table()
OURS = read_judgements(TESTED)


def of_kind(kind: GateKind, judged: list[Judged]) -> list[Judged]:
    return [one for one in judged if one.kind is kind]


@pytest.mark.parametrize("kind", sorted({one.kind for one in JUDGED}))
def test_publish_and_never_are_agreed_on(kind: GateKind) -> None:
    for judged in (JUDGED, OURS):
        found = agreement(of_kind(kind, judged), Gates())
        assert found.share is None or found.share >= AGREED


def test_hardly_any_image_that_is_never_published_is_accepted() -> None:
    for judged in (JUDGED, judged_table(fitting=False), read_judgements(TRAINED)):
        found = agreement(judged, Gates())
        assert found.passed[Judgement.NEVER] <= FALSELY_ACCEPTED * found.judged[Judgement.NEVER]
        assert found.judged[Judgement.NEVER] > 30


def test_edits_of_test_photos_whose_mask_missed_the_product_are_rejected() -> None:
    found = agreement(OURS, Gates())
    assert found.passed[Judgement.NEVER] <= 2 and found.judged[Judgement.NEVER] == 28
    assert found.passed[Judgement.PUBLISH] >= AGREED * found.judged[Judgement.PUBLISH]


def test_a_packshot_of_a_much_enlarged_photo_is_rejected() -> None:
    found = agreement(of_kind(GateKind.PACKSHOT, read_judgements(TRAINED)), Gates())
    assert found.share == 1 and found.judged[Judgement.NEVER] > 10 and found.judged[Judgement.PUBLISH] > 20


def test_limits_are_fitted_to_a_third_of_the_pictures_and_reported_on_the_rest() -> None:
    fitted_to, held_out = judged_table(fitting=True), judged_table(fitting=False)
    assert len(fitted_to) + len(held_out) == len(JUDGED)
    assert len(held_out) > len(fitted_to) > 20
