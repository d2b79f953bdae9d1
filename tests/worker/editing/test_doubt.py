"""The verdict where the mask is in doubt: what no network finds one product in is rejected, and a mask helps."""

from functools import cache

import cv2
import numpy as np
import pytest

from likeness.contract.report import EditThresholds, Report, Verdict
from likeness.contract.runs import PlannedRun
from likeness.contract.tasks import Customise
from likeness.imaging.assessment.assess import assess
from tests.support.engines import shipped
from tests.worker.editing.test_verdict import CATALOGUE, GOOD, Canvas, reasons, shot, stored
from worker.editing.canvas import AnalysedCanvas
from worker.editing.plan import EditPlan, Sent
from worker.editing.planner import edit_plan_of
from worker.engines.retouch import edited

PARAMETERS = {"parts": "main", "shadow": "contact"}
BLUE = np.float32([173, 216, 230]) / 255


def planned(rgb: Canvas, wish: str, mask: Canvas | None = None) -> EditPlan:
    task = Customise(instruction=wish, mask=None if mask is None else "file")
    shown = AnalysedCanvas(rgb, rgb.shape[:2], shipped().product, lambda _: None, mask)
    return edit_plan_of(PlannedRun.of(CATALOGUE.find("retouch"), task), shown, Sent())


def judged(rgb: Canvas, plan: EditPlan, made: Canvas | None = None) -> Report:
    edit = edited(plan.task(0, PARAMETERS)) if made is None else made
    return assess(stored(rgb), stored(edit), EditThresholds(), plan.check)


def figure(report: Report, name: str) -> float | None:
    return {one.name: one.value for one in report.figures}[name]


@cache
def clutter() -> Canvas:
    """Return a wall with small things all over it, of which none stands out."""
    random = np.random.default_rng(3)
    made = np.full((400, 500, 3), 0.8, np.float32)
    for _ in range(60):
        x, y = (int(at) for at in random.integers(20, (480, 380)))
        cv2.circle(made, (x, y), int(random.integers(6, 26)), random.uniform(0.1, 0.9, 3).tolist(), -1)
    return cv2.GaussianBlur(made, (0, 0), 1)


@pytest.mark.parametrize("name", GOOD)
def test_a_product_that_stands_out_is_in_no_doubt(name: str) -> None:
    rgb = shot(name).rgb
    for wish in (f"make it {GOOD[name]}", "on a white background"):
        report = judged(rgb, planned(rgb, wish))
        doubt = figure(report, "doubt")
        assert report.verdict is Verdict.ACCEPTED, reasons(report)
        assert doubt is not None and doubt < 0.1


@pytest.mark.parametrize("wish", ["make it red", "on a light blue background"])
def test_a_picture_without_one_product_is_rejected_and_asks_for_a_mask(wish: str) -> None:
    rgb = clutter()
    report = judged(rgb, planned(rgb, wish))
    assert report.verdict is Verdict.REJECTED and not report.retouchable
    assert "the product's outline is in doubt: send a mask" in reasons(report), reasons(report)


def test_a_mask_that_was_sent_is_in_no_doubt() -> None:
    rgb = clutter()
    mask = np.zeros(rgb.shape[:2], np.float32)
    mask[100:300, 150:350] = 1
    plan = planned(rgb, "make it red", mask)
    assert plan.check is not None and plan.check.found is None
    assert figure(judged(rgb, plan), "doubt") is None


def test_fog_of_the_old_background_is_seen() -> None:
    rgb = shot("exif-orientation-6.jpg").rgb
    plan = planned(rgb, "on a light blue background")
    assert plan.check is not None and plan.check.product is not None
    exact = edited(plan.task(0, PARAMETERS))
    near = cv2.GaussianBlur(cv2.dilate(plan.check.product, np.ones((17, 17))), (0, 0), 4)[..., None]
    foggy = exact + 0.4 * near * (1 - plan.check.product[..., None]) * (rgb - BLUE)
    clean, fogged = judged(rgb, plan), judged(rgb, plan, foggy)
    assert "fog" not in reasons(clean) and "fog around the product" in reasons(fogged), reasons(fogged)
    halo = figure(clean, "halo")
    assert halo is not None and halo < 0.5
