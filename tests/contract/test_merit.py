"""The rank of runs and the recommendation, on figures made up for it."""

import pytest

from likeness.contract.jobs import ComparedRun
from likeness.contract.merit import NEAR, main_figures, merit_of, ranked, recommended, varied
from likeness.contract.report import EditReport, Report, Score, Verdict


def score(name: str, value: float | None) -> Score:
    return Score(name=name, value=value, unit="ratio", higher_is_better=True, reason=None if value else "why")


def report(edit: dict[str, float] | None = None, happened: bool = True, **figures: float | None) -> Report:
    scores = [score(name, value) for name, value in (edit or {}).items()]
    said = None if edit is None else EditReport(asked="red", colour=None, scores=scores, happened=happened)
    fidelity = [score(name, value) for name, value in figures.items()]
    return Report(frame=[], fidelity=fidelity, edit=said, verdict=Verdict.ACCEPTED, reasons=[])


def run(number: int, merit: float | None, seconds: float = 1.0, verdict: str = "accepted") -> ComparedRun:
    made = {} if merit is None else {"merit": merit, "seconds": seconds, "verdict": verdict}
    return ComparedRun(run=number, engine=f"e{number}", parameters={}, **made, figures=[score("ssim", merit)])


def test_the_merit_of_a_recreation_is_likeness_less_colour_error() -> None:
    assert merit_of(report(ssim=0.9, delta_e=5.0)) == pytest.approx(0.85)
    assert merit_of(report(ssim=1.0, delta_e=0.0)) == 1.0
    assert merit_of(report(ssim=None, delta_e=None)) == 0.0


def test_the_merit_of_an_edit_does_not_count_the_change_that_was_asked() -> None:
    edit = {"colour_delta_e": 3.0, "change_outside": 2.0, "change_inside": 40.0}
    assert merit_of(report(edit, ssim=0.8, delta_e=30.0)) == pytest.approx(0.75)
    assert merit_of(report(edit, happened=False, ssim=0.8)) == pytest.approx(-0.25)


def test_main_figures_are_those_measured() -> None:
    found = main_figures(report({"hue_error": 3.0, "lightness": 40.0}, ssim=0.9, psnr=None, ms_ssim=0.9))
    assert [one.name for one in found] == ["ssim", "hue_error"]


def test_accepted_come_first_then_merit_and_failed_last() -> None:
    rows = ranked([run(0, None), run(1, 0.9, verdict="rejected"), run(2, 0.5), run(3, 0.7)])
    assert [(row.run, row.rank) for row in rows] == [(3, 1), (2, 2), (1, 3), (0, None)]


def test_a_better_verdict_goes_before_merit() -> None:
    mendable = run(3, 0.2, verdict="rejected").model_copy(update={"retouchable": True})
    rows = ranked([run(0, 0.9, verdict="rejected"), run(1, 0.1, verdict="not_judged"), run(2, 0.05), mendable])
    assert [row.run for row in rows] == [2, 1, 3, 0]


@pytest.mark.parametrize(
    ("verdict", "retouchable", "said"),
    [("not_judged", False, "look at it"), ("rejected", True, "can be retouched")],
)
def test_the_advice_says_what_an_image_that_was_not_accepted_is_worth(
    verdict: str, retouchable: bool, said: str
) -> None:
    one = run(0, 0.5, verdict=verdict).model_copy(update={"retouchable": retouchable})
    assert said in recommended(ranked([one, run(1, 0.4, verdict="rejected")])).reasons[0]


def test_of_equal_merit_the_faster_is_better() -> None:
    assert [row.run for row in ranked([run(0, 0.5, 3.0), run(1, 0.5, 1.0)])] == [1, 0]


def test_the_best_is_recommended_with_its_figures() -> None:
    advice = recommended(ranked([run(0, 0.6, 0.5), run(1, 0.9, 2.0)]))
    assert advice.run == 1
    told = " ".join(advice.reasons)
    assert "run 1 (e1) was accepted" in told and "0.900" in told and "0.600" in told
    assert "ssim 0.9 against 0.6" in told and "4.0 times as long as the fastest, run 0" in told


def test_a_faster_run_that_is_nearly_as_good_is_recommended_instead() -> None:
    advice = recommended(ranked([run(0, 0.9, 5.0), run(1, 0.9 - NEAR / 2, 1.0), run(2, 0.9 - 2 * NEAR, 0.1)]))
    assert advice.run == 1 and any("5.00 s against 1.00 s" in reason for reason in advice.reasons)


def test_nearness_does_not_bridge_verdicts() -> None:
    advice = recommended(ranked([run(0, 0.9, 5.0), run(1, 0.9, 1.0, "rejected")]))
    assert advice.run == 0 and any("was rejected" in reason for reason in advice.reasons)


def test_when_none_is_accepted_it_says_so() -> None:
    advice = recommended(ranked([run(0, 0.2, verdict="rejected"), run(1, None)]))
    assert advice.run == 0 and advice.reasons[0].startswith("No run was accepted")
    assert "No other run made an image" in advice.reasons[1]


def test_what_differs_is_shown_and_texts_come_last() -> None:
    runs = [
        run(number, 0.5).model_copy(update={"parameters": parameters})
        for number, parameters in enumerate(
            [
                {"prompt": "a", "strength": 0.2, "steps": 4, "clip_skip": 0},
                {"prompt": "b", "strength": 0.5, "steps": 4},
                {"prompt": "b", "steps": 4, "image_guidance_scale": 1.5},
            ]
        )
    ]
    assert varied(runs) == ["strength", "prompt"]
