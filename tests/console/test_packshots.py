"""Cut-outs, packshots and checks in the browser: made by the real worker, measured by the ruler, with their marks."""

import re

import pytest
from playwright.sync_api import Page

from tests.console.conftest import expect
from tests.service.conftest import Live
from tests.support.places import EXAMPLES

pytestmark = pytest.mark.processes
CAP = EXAMPLES / "cap-plaid.jpg"


def chosen(page: Page, kind: str) -> None:
    page.set_input_files("#picture", CAP)
    page.get_by_role("radio", name=kind, exact=True).check()


def made(page: Page, site: Live) -> dict:
    """Submit, wait for the report, and return the job as the service has it."""
    page.locator("#submit").click()
    page.get_by_role("heading", name=re.compile("Accepted|Rejected")).wait_for()
    found: dict = site.http.get("/jobs", params={"limit": 1}).json()["jobs"][0]
    return site.http.get(f"/jobs/{found['id']}").json()


def test_a_packshot_is_placed_by_dragging_and_measured_by_the_ruler(site: Live, page: Page) -> None:
    chosen(page, "Packshot")
    page.get_by_label("Size", exact=True).fill("500x600")
    product = page.get_by_role("button", name=re.compile("Product: drag"))
    product.scroll_into_view_if_needed()
    box = product.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 20, box["y"] + 80, steps=4)
    page.mouse.up()
    product.press("-")
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    job = made(page, site)
    task = job["result"]["recipe"]["task"]
    assert (task["align"], task["fill"], task["size"]) == ("bottom", 0.84, "500x600")
    page.get_by_role("button", name="Ruler").click()
    told = page.locator(".ruler").get_attribute("aria-label")
    fill = float(re.search(r"Fill ([\d.]+) %", told)[1])
    below = float(re.search(r"bottom ([\d.]+) %", told)[1])
    assert abs(fill - 84) < 1.2 and abs(below - 8) < 1.2, told
    expect(page.locator(".frame .yes").first).to_be_visible()


def test_a_picture_lies_behind_a_packshot(site: Live, page: Page) -> None:
    chosen(page, "Packshot")
    page.locator("#more").evaluate("each => { each.open = true; }")
    page.get_by_label("Picture as background").set_input_files(EXAMPLES / "skirt-denim.jpg")
    task = made(page, site)["result"]["recipe"]["task"]
    assert task["background"] == "file"


def test_a_cut_out_lies_on_a_checkerboard(site: Live, page: Page) -> None:
    chosen(page, "Cut out")
    assert made(page, site)["result"]["images"][0]["mode"] == "RGBA"
    drawn = page.locator(".viewer .pictures").first.evaluate("each => getComputedStyle(each).backgroundImage")
    assert "conic-gradient" in drawn


def test_a_check_marks_its_rules_in_red_and_green(site: Live, page: Page) -> None:
    chosen(page, "Check")
    page.get_by_label("Marketplace").fill("amazon-main")
    rows = {row["rule"]: row["ok"] for row in made(page, site)["result"]["images"][0]["report"]["compliance"]["rows"]}
    assert rows["background"] is False and rows["format"] is True
    table = page.get_by_role("region", name="Rules of amazon-main")
    expect(table.locator(".no").first).to_be_visible()
    colours = [table.locator(mark).first.evaluate("each => getComputedStyle(each).color") for mark in (".yes", ".no")]
    assert colours[0] != colours[1]
    expect(page.get_by_role("button", name="Ruler")).to_have_count(0)


def test_a_packshot_is_the_last_of_several_edits(site: Live, page: Page) -> None:
    chosen(page, "Customise")
    page.get_by_label("What to change").fill("make it navy")
    page.get_by_label("At the end").select_option("packshot")
    page.get_by_label("Size", exact=True).fill("400x400")
    job = made(page, site)
    assert job["result"]["images"][0]["width"] == 400
    assert job["result"]["images"][0]["report"]["before"]["edit"]["happened"]
