"""Every edit type that ships, requested by hand in the browser, made by its engine, and read on the page."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route

from tests.console.conftest import Open, expect, photo
from tests.service.conftest import Live
from tests.support.places import EXAMPLES

pytestmark = pytest.mark.processes


def asked_for(page: Page, label: str) -> None:
    """Give a picture and choose an edit type."""
    page.set_input_files("#picture", photo((64, 64)))
    page.get_by_role("radio", name="Customise", exact=True).check()
    page.get_by_role("radio", name=label, exact=True).check()


def painted(page: Page, label: str) -> None:
    """Paint a stroke across the middle of the picture."""
    page.get_by_role("button", name=label).click()
    box = page.get_by_role("application").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] / 2, steps=3)
    page.mouse.up()
    page.get_by_role("button", name="Done").click()


def colour(page: Page) -> None:
    page.get_by_label("Colour as #RRGGBB").fill("#1F7A3D")


def text(page: Page) -> None:
    page.get_by_label("Text", exact=True).fill("LK")
    page.get_by_label("Text colour").select_option("White")


def logo(page: Page) -> None:
    page.get_by_label("Logo", exact=True).set_input_files(photo((24, 24), "RGBA"))


def style(page: Page) -> None:
    page.get_by_label("Style image").set_input_files(photo((80, 64)))


def fill(page: Page) -> None:
    page.get_by_label("What to show there").fill("a grey wall")


def over(page: Page) -> None:
    painted(page, "Paint over the picture")


def edges(page: Page) -> None:
    page.get_by_label("What the result shows", exact=True).fill("a red shirt")
    page.get_by_role("checkbox", name="soft edge").check()


EditType = tuple[str, Callable[[Page], None] | None, str, dict[str, object], str]
"""Its label, what is filled in, the engine that makes it, what the job then asks, what the report says was asked."""
WAYS: list[EditType] = [
    ("Exact colour", colour, "retouch", {"recolour": {"to": "#1F7A3D", "mask": "product"}}, "the colour #1F7A3D"),
    ("Print text", text, "retouch", {"text": "LK", "text_colour": "#FFFFFF"}, "the text"),
    ("Print a logo", logo, "retouch", {"logo": "file"}, "the logo"),
    ("Replace an area", fill, "starter-inpaint", {"prompt": "a grey wall", "mask": "background"}, "a grey wall"),
    ("Apply a style", style, "adain", {"style_image": "file"}, "the style"),
    ("Paint over", over, "sdedit", {"guide": "file"}, "as painted over"),
    ("Redraw the lower part", None, "vqgan-transformer", {"complete": 0.5}, "completed"),
    ("Keep the edges", edges, "starter-control", {"prompt": "a red shirt"}, "a red shirt"),
]


@pytest.mark.parametrize("way", WAYS, ids=[way[0] for way in WAYS])
def test_a_way_of_customising(site: Live, page: Page, way: EditType) -> None:
    label, say, engine, asked, reported = way
    asked_for(page, label)
    if say:
        say(page)
    page.locator("#submit").click()
    expect(page.locator(".report")).to_contain_text(f"Requested: {reported}")
    assert page.locator(".after").evaluate("image => [image.naturalWidth, image.naturalHeight]") == [64, 64]
    job = site.http.get(f"/jobs/{page.url.partition('#job=')[2]}").json()
    task = job["result"]["recipe"]["task"]
    assert job["engine"] == engine and {name: task[name] for name in asked} == asked
    if label == "Keep the edges":
        assert [control["kind"] for control in task["controls"]] == ["canny", "soft_edge"]


def test_an_edit_is_added_to_the_list(site: Live, page: Page) -> None:
    asked_for(page, "By instruction")
    page.get_by_label("What to change").fill("make it red")
    page.get_by_role("button", name="Add another edit").click()
    page.get_by_label("Then, edit 2").fill("make the picture warmer")
    page.get_by_role("button", name="Add another edit").click()
    page.locator("#submit").click()
    expect(page.locator(".report")).to_contain_text("Requested: make it red; make the picture warmer")
    job = site.http.get(f"/jobs/{page.url.partition('#job=')[2]}").json()
    edits = job["result"]["recipe"]["task"]["edits"]
    assert [edit["instruction"] for edit in edits] == ["make it red", "make the picture warmer"]
    assert [edit["asked"] for edit in job["result"]["edits"]] == ["make it red", "make the picture warmer"]


def test_a_cut_out_can_be_flattened_and_an_opaque_picture_not(site: Live, page: Page) -> None:
    asked_for(page, "By instruction")
    expect(page.get_by_label("Flatten onto")).to_be_hidden()
    page.set_input_files("#picture", EXAMPLES / "cutout-soft-alpha.png")
    page.get_by_label("Flatten onto").fill("#fff000")
    page.get_by_label("What to change").fill("make it red")
    page.locator("#submit").click()
    expect(page.locator(".report")).to_contain_text("Requested: make it red")
    job = site.http.get(f"/jobs/{page.url.partition('#job=')[2]}").json()
    assert job["result"]["recipe"]["task"]["flatten"] == "#fff000"
    frame = {row["name"]: row["made"] for row in job["result"]["images"][0]["report"]["frame"]}
    assert frame["mode"] == "RGB"
    page.set_input_files("#picture", photo((64, 64)))
    expect(page.get_by_label("Flatten onto")).to_be_hidden()


def test_what_is_missing_is_asked_for(page: Page) -> None:
    asked_for(page, "Paint over")
    page.locator("#submit").click()
    expect(page.locator("[data-field=guide] .wrong")).to_have_text("paint over the picture first")


def test_customisations_are_compared(site: Live, page: Page) -> None:
    page.set_input_files("#picture", photo((64, 64)))
    page.get_by_role("radio", name="Compare", exact=True).check()
    page.get_by_role("radio", name="Edit the picture").check()
    page.get_by_role("radio", name="Exact colour").check()
    page.get_by_label("Colour as #RRGGBB").fill("#1F7A3D")
    engines = page.get_by_label("Engine 1").get_by_role("option").all_inner_texts()
    assert engines == ["starter-edit", "retouch"], "those alone that do it"
    page.locator("#submit").click()
    table = page.locator(".comparison")
    expect(table.get_by_role("heading")).to_have_text("2 runs, best first")
    heads = table.get_by_role("columnheader").all_inner_texts()
    assert heads[:3] == ["Rank", "Run", "Engine"]
    assert {"ssim", "Colour ΔE00", "Inside", "Outside"} <= set(heads)
    expect(page.locator(".report")).to_contain_text("Requested: the colour #1F7A3D")
    job = site.http.get(f"/jobs/{page.url.partition('#job=')[2]}").json()
    assert {run["engine"] for run in job["result"]["comparison"]["runs"]} == {"retouch", "starter-edit"}


def test_what_was_filled_in_stays_with_another_engine_and_after_a_look_elsewhere(page: Page) -> None:
    asked_for(page, "Apply a style")
    style(page)
    page.locator("#more").evaluate("more => more.open = true")
    page.get_by_label("Format").select_option("PNG")
    page.get_by_label("Engine", exact=True).select_option("style-transfer")
    file = page.get_by_label("Style image")
    assert file.evaluate("box => box.files[0].name") == "photo.png"
    expect(page.get_by_label("Format")).to_have_value("png")
    page.get_by_role("radio", name="By instruction").check()
    page.get_by_role("button", name="make it denim").click()
    page.get_by_role("radio", name="The background").check()
    page.get_by_role("radio", name="Recreate", exact=True).check()
    page.get_by_role("radio", name="Customise", exact=True).check()
    expect(page.get_by_label("What to change")).to_have_value("make it denim")
    expect(page.get_by_role("radio", name="The background")).to_be_checked()


def test_a_mask_goes_with_the_picture_that_it_was_painted_on(page: Page) -> None:
    asked_for(page, "Replace an area")
    fill(page)
    page.get_by_role("radio", name="A painted area").check()
    painted(page, "Paint the mask")
    expect(page.get_by_text("Mask painted.")).to_be_visible()
    page.set_input_files("#picture", photo((80, 64)))
    expect(page.get_by_text("Mask painted.")).to_have_count(0)
    page.locator("#submit").click()
    expect(page.locator("[data-field=mask] .wrong")).to_have_text("paint the mask first")


def test_a_tap_paints_a_disc(page: Page) -> None:
    asked_for(page, "Replace an area")
    page.get_by_role("radio", name="A painted area").check()
    page.get_by_role("button", name="Paint the mask").click()
    page.get_by_role("application").click()
    alpha = "canvas => canvas.getContext('2d').getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data[3]"
    assert page.locator("canvas.veil").evaluate(alpha) == 255


def installed(name: str) -> Callable[[Route], None]:
    """Answer as the service does, but as if a worker had the models of an engine."""

    def answer(route: Route) -> None:
        given = route.fetch()
        body = given.json()
        for engine in body["engines"]:
            engine["installed"] |= engine["name"] == name
        route.fulfill(response=given, json=body)

    return answer


def test_adapters_where_an_engine_has_them(site: Live, open_page: Open) -> None:
    page = open_page(site.url, permissions=["clipboard-read", "clipboard-write"])
    page.route("**/engines", installed("sd15"))
    page.reload()
    page.set_input_files("#picture", photo((64, 64)))
    page.locator("#more").evaluate("more => more.open = true")
    expect(page.get_by_text("Adapters (LoRA)")).to_have_count(0)
    page.get_by_label("Engine", exact=True).select_option("sd15")
    page.locator("#more").evaluate("more => more.open = true")
    page.get_by_role("checkbox", name="lcm-lora-sd15").check()
    page.get_by_label("Weight of lcm-lora-sd15").fill("0.8")
    page.get_by_role("button", name="Copy as curl").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert re.search(r"""loras=\[\{"name":"lcm-lora-sd15","weight":0\.8\}\]""", copied)
