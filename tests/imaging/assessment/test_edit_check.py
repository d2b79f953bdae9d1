import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from likeness.contract.colour_names import CHROMATIC, CLOTH
from likeness.contract.report import EditThresholds, Thresholds
from likeness.imaging.assessment.edit_check import NAMES, EditCheck, edit_report
from likeness.imaging.assessment.scores import scored
from likeness.imaging.edits.backdrop import on_backdrop, plain
from likeness.imaging.edits.recolour import recolour
from tests.imaging.edits import products
from tests.imaging.metrics.pairs import noisy

RGB, MASK = products.photographed()
ORANGE = CLOTH["orange"]
ASKED = EditThresholds()
ANYTHING = EditThresholds(hue_error=None, change_inside=None, change_outside=None)


def values(report):
    return {score.name: score.value for score in report.scores}


def reasons(report):
    return {score.name: score.reason for score in report.scores}


@pytest.mark.parametrize("name", CHROMATIC)
def test_an_edit_that_happened_has_no_miss(name):
    made = recolour(RGB, MASK, CLOTH[name])
    report, misses = edit_report(RGB, made, EditCheck(f"make it {name}", MASK, CLOTH[name]), ASKED)
    assert misses == [] and report.happened
    found = values(report)
    assert list(found) == [*NAMES]
    assert found["hue_error"] < 10 and found["colour_delta_e"] < 8
    assert found["pixel_delta_e"] > found["colour_delta_e"], "the shading counts"
    assert found["change_inside"] > 5 and found["change_outside"] < 0.1
    assert report.asked == f"make it {name}"


def test_the_figures_agree_with_skimage():
    made = noisy(RGB, 0.05)
    report, _ = edit_report(RGB, made, EditCheck("", MASK, ORANGE), ASKED)
    before, after, target = (rgb2lab(one.astype(float)) for one in (RGB, made, np.array([[ORANGE]]) / 255))
    inside, outside, mean = MASK > 0.5, MASK < 0.05, after[MASK > 0.5].mean(axis=0)
    turn = np.degrees(np.arctan2(mean[2], mean[1]) - np.arctan2(target[0, 0, 2], target[0, 0, 1]))
    assert values(report) == pytest.approx(
        {
            "hue_error": abs((turn + 180) % 360 - 180),
            "colour_delta_e": float(deltaE_ciede2000(mean, target[0, 0])),
            "pixel_delta_e": deltaE_ciede2000(after, np.broadcast_to(target, after.shape))[inside].mean(),
            "change_inside": deltaE_ciede2000(before, after)[inside].mean(),
            "change_outside": deltaE_ciede2000(before, after)[outside].mean(),
        },
        abs=0.05,
    )


def test_nothing_done_is_missed():
    report, misses = edit_report(RGB, RGB, EditCheck("make it orange", MASK, ORANGE), ASKED)
    assert not report.happened and report.colour == "#F0821E"
    assert [miss.split()[0] for miss in misses] == ["hue_error", "change_inside"]
    assert "is above the asked 30.00" in misses[0] and "is below the asked 1.00" in misses[1]


def test_another_colour_and_a_change_outside_are_missed():
    made = noisy(recolour(RGB, MASK, CLOTH["blue"]), 0.2)
    _, misses = edit_report(RGB, made, EditCheck("make it orange", MASK, ORANGE), ASKED)
    assert [miss.split()[0] for miss in misses] == ["hue_error", "change_outside"]


def test_a_colour_asked_exactly_is_measured_exactly():
    made, check = recolour(RGB, MASK, ORANGE), EditCheck("a colourway", MASK, ORANGE)
    assert edit_report(RGB, made, check, EditThresholds(colour_delta_e=9))[1] == []
    (miss,) = edit_report(RGB, made, check, EditThresholds(colour_delta_e=0.01))[1]
    assert miss.startswith("colour_delta_e")


def test_grey_where_a_hue_is_asked_is_a_miss_and_not_a_chance_hit():
    made = recolour(RGB, MASK, CLOTH["grey"])
    check = EditCheck("make it orange", MASK, ORANGE)
    report, misses = edit_report(RGB, made, check, ASKED)
    assert values(report)["hue_error"] is None
    assert misses == [reasons(report)["hue_error"]] and "no hue can be seen" in misses[0]
    assert edit_report(RGB, made, check, ANYTHING)[1] == []


@pytest.mark.parametrize("name", ["black", "grey", "white"])
@pytest.mark.parametrize("made_in", ["black", "grey", "white"])
def test_a_colour_without_hue_must_reach_its_third_of_lightness(name, made_in):
    made = recolour(RGB, MASK, CLOTH[made_in])
    check = EditCheck(f"make it {name}", MASK, CLOTH[name], chromatic=False)
    report, misses = edit_report(RGB, made, check, EditThresholds(change_inside=None))
    assert report.happened == (name == made_in)
    assert values(report)["hue_error"] is None and "no hue" in reasons(report)["hue_error"]
    assert 0 <= values(report)["lightness"] <= 100
    assert next(score.unit for score in report.scores if score.name == "lightness") == "L*"
    assert all(miss.startswith("lightness") for miss in misses)
    assert edit_report(RGB, made, check, EditThresholds(change_inside=None, colour_delta_e=100))[0].happened


def test_without_a_colour_only_the_change_counts():
    made = np.clip(RGB * 0.5, 0, 1)
    report, misses = edit_report(RGB, made, EditCheck("make the picture darker"), ASKED)
    assert misses == [] and report.colour is None
    assert {reasons(report)[name] for name in NAMES[:3]} == {"no colour is asked"}
    assert values(report)["change_outside"] is None and "everywhere" in reasons(report)["change_outside"]


def test_a_background_is_inside_when_it_is_what_was_asked():
    made = on_backdrop(RGB, MASK, plain(*MASK.shape, ORANGE))
    report, misses = edit_report(RGB, made, EditCheck("an orange background", 1 - MASK, ORANGE), ASKED)
    assert misses == [] and values(report)["colour_delta_e"] < 5


def test_where_there_is_nothing_to_colour_the_edit_did_not_happen():
    nowhere = np.zeros_like(MASK)
    report, misses = edit_report(RGB, RGB, EditCheck("make it orange", nowhere, ORANGE), ASKED)
    assert misses == ["there is nothing to colour"] and not report.happened
    assert values(report)["change_inside"] is None and values(report)["change_outside"] == 0
    assert edit_report(RGB, RGB, EditCheck("", nowhere, ORANGE, chromatic=False), ASKED)[1] == misses


def test_pictures_of_different_sizes_are_not_compared():
    report, misses = edit_report(RGB, RGB[1:], EditCheck("make it orange", MASK, ORANGE), ASKED)
    assert misses == ["the images differ in size"] and not report.happened
    assert set(values(report).values()) == {None}


def test_the_figures_of_networks_are_told_and_judge_nothing():
    learned = [scored("clip_score", -1.0), scored("directional_similarity", None, "why not")]
    report, misses = edit_report(RGB, 1 - RGB, EditCheck("", MASK), ANYTHING, learned)
    assert misses == [] and report.happened
    assert report.scores[-2:] == learned


def test_plain_thresholds_ask_nothing_of_an_edit():
    assert edit_report(RGB, RGB, EditCheck("make it orange", MASK, ORANGE), Thresholds())[1] == []


@pytest.mark.parametrize("size", products.SIZES)
@pytest.mark.parametrize("chromatic", [True, False])
def test_any_size_gets_a_report(size, chromatic):
    rgb, mask = products.shaded(*size)
    for inside in (mask, 0 * mask, None):
        report, _ = edit_report(rgb, 1 - rgb, EditCheck("", inside, ORANGE, chromatic), ASKED)
        assert all((score.value is None) == bool(score.reason) or score.name == "lightness" for score in report.scores)
