"""From figures to a verdict: each has its limit and its words, and what no figure can judge is not accepted."""

import numpy as np
import pytest

from likeness.contract.gates import UNJUDGED, GateKind, Gates
from likeness.contract.report import Verdict
from likeness.imaging.assessment.edit_figures import MEANINGS, OF_KIND, measured_cutout
from likeness.imaging.assessment.edit_gates import judged, verdict_of
from tests.support.places import ROOT


def values(kind: GateKind, **changed: float | None) -> dict[str, float | None]:
    """Return figures that meet every limit of a kind, with some changed."""
    return dict(Gates().of(kind)) | changed


def test_every_kind_is_measured_and_every_limit_has_a_meaning() -> None:
    assert {*OF_KIND, GateKind.PACKSHOT} == set(GateKind)
    assert set(measured_cutout(np.zeros((8, 8), np.uint8), 0.0)) == set(Gates().of(GateKind.PACKSHOT))
    limits = {name for kind in GateKind for name in Gates().of(kind)}
    assert limits == set(MEANINGS)


def test_every_figure_is_explained_in_the_documents() -> None:
    page = (ROOT / "docs" / "report.md").read_text("utf-8")
    assert [name for name in MEANINGS if f"| `{name}` |" not in page] == []


def test_figures_at_their_limits_are_met() -> None:
    for kind in GateKind:
        found = judged(values(kind), Gates().of(kind))
        assert found.misses == [] and all(figure.met for figure in found.figures)


def test_a_miss_is_said_in_an_editors_words_with_its_figure() -> None:
    found = judged(values(GateKind.COLOUR, blotches=3.0), Gates().of(GateKind.COLOUR))
    (said,) = found.misses
    assert said.startswith("blotchy") and "blotches 3.00, at most 0.40 is asked" in said
    assert [figure.name for figure in found.figures if not figure.met] == ["blotches"] and not found.mendable


def test_a_figure_that_is_not_tested_or_not_measured_rejects_nothing() -> None:
    limits = Gates().with_overrides({"colour": {"blotches": None}}).of(GateKind.COLOUR)
    found = judged(values(GateKind.COLOUR, blotches=99.0, folds_kept=None), limits)
    assert found.misses == []
    assert {figure.name: figure.reason for figure in found.figures}["folds_kept"]


@pytest.mark.parametrize(("things", "mendable"), [(0.02, True), (0.2, False)])
def test_what_a_retoucher_mends_is_told_apart(things: float, mendable: bool) -> None:
    found = judged(values(GateKind.COLOUR, things_dyed=things), Gates().of(GateKind.COLOUR))
    assert found.misses and found.mendable is mendable


def test_what_no_figure_can_judge_is_never_accepted() -> None:
    for kind in GateKind:
        verdict, advice = verdict_of(kind, 0)
        assert verdict is (Verdict.NOT_JUDGED if kind in UNJUDGED else Verdict.ACCEPTED)
        assert bool(advice) is (kind in UNJUDGED)
        assert verdict_of(kind, 1) == (Verdict.REJECTED, [])


def test_the_limits_that_ship_are_in_the_documents() -> None:
    page = (ROOT / "docs" / "thresholds.md").read_text("utf-8")
    for kind in GateKind:
        (row,) = [line for line in page.splitlines() if line.startswith(f"| {kind} |")]
        for name, limit in Gates().of(kind).items():
            side = "at least" if MEANINGS[name].higher_is_better else "at most"
            assert limit is None or f"`{name}` {side} {limit:g}" in row
