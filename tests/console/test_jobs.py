"""A person's way through the console: hand in, watch, look, read, compare, stop, come back."""

import re

import pytest
from playwright.sync_api import Page

from tests.console.conftest import Open, expect, photo
from tests.service.conftest import Live

pytestmark = pytest.mark.processes


def submit(page: Page, **values: int | float) -> None:
    """Choose a picture, set numbers by the names of their fields, and send."""
    if page.locator("#remove").count() == 0:
        page.set_input_files("#picture", photo())
    for name, value in values.items():
        page.locator(f"input[type=number][name={name}]").fill(str(value))
    page.locator("#submit").click()


def shown_size(page: Page) -> tuple[float, float]:
    box = page.locator(".pictures .after").bounding_box()
    return box["width"], box["height"]


def test_a_picture_is_watched_while_it_is_made_then_slid_and_read(page: Page) -> None:
    submit(page, steps=80)
    expect(page.locator("#doing")).to_have_text("Generating")
    expect(page.locator(".preview")).to_be_visible()
    assert page.locator(".preview").evaluate("image => image.naturalWidth") == 96
    expect(page.get_by_text("step 6")).to_be_visible()
    expect(page.locator(".job[aria-current=true]")).to_contain_text("Running")

    knob = page.get_by_role("slider", name="Divider between original and result")
    expect(knob).to_have_attribute("aria-valuenow", "50")
    before, after = page.locator(".before"), page.locator(".after")
    knob.focus()
    for pressed, now in (("ArrowRight", "52"), ("PageDown", "42"), ("Home", "0"), ("End", "100")):
        knob.press(pressed)
        expect(knob).to_have_attribute("aria-valuenow", now)
    assert "0%" in after.evaluate("image => getComputedStyle(image).clipPath").replace("100%", "0%")
    box = page.locator(".pictures").bounding_box()
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 20)
    page.mouse.up()
    expect(knob).to_have_attribute("aria-valuenow", "25")
    clips = [image.evaluate("image => getComputedStyle(image).clipPath") for image in (before, after)]
    assert clips == ["inset(0px 75% 0px 0px)", "inset(0px 0px 0px 25%)"]

    report = page.get_by_role("article", name="Accepted")
    expect(report).to_contain_text("Frame equal; every threshold met.")
    width = report.get_by_role("row", name=re.compile("^Width"))
    assert width.get_by_role("cell").all_inner_texts() == ["96", "96", "yes"]
    expect(report.get_by_text("PSNR", exact=True)).to_be_visible()
    expect(report.get_by_text("higher is better, required: at least 20")).to_be_visible()


def test_its_true_pixels(page: Page) -> None:
    submit(page)
    page.locator(".report").wait_for()
    for zoom, size in (("100 %", (96, 128)), ("400 %", (384, 512))):
        page.get_by_role("radio", name=zoom).check()
        assert shown_size(page) == size
    rendered = "image => getComputedStyle(image).imageRendering"
    assert page.locator(".after").evaluate(rendered) == "pixelated"
    page.get_by_role("button", name="Pixels").click()
    assert page.locator(".after").evaluate(rendered) == "auto"
    page.get_by_role("radio", name="Difference").check()
    canvas = page.locator(".pictures canvas")
    brightest = (
        "canvas => Math.max(...canvas.getContext('2d').getImageData(0, 0, 96, 128).data.filter((_, n) => n % 4 < 3))"
    )
    assert 0 < canvas.evaluate(brightest) < 128, "the drill's noise is faint, and amplified it can be seen"


def test_candidates_stand_side_by_side(page: Page) -> None:
    submit(page, candidates=3, seed=7) if page.locator("#more").evaluate("more => more.open = true") else None
    tiles = page.locator(".candidate")
    expect(tiles).to_have_count(3)
    assert sorted(re.findall(r"seed (\d+)", " ".join(tiles.all_inner_texts()))) == ["7", "8", "9"]
    first = page.locator(".after").get_attribute("src")
    tiles.nth(2).click()
    expect(tiles.nth(2)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".after")).not_to_have_attribute("src", first)


def test_engines_are_compared(page: Page) -> None:
    page.set_input_files("#picture", photo())
    page.get_by_role("radio", name="Compare").check()
    page.get_by_role("button", name="Remove starter", exact=True).click()
    page.get_by_label("Strength").fill(",".join(str(number / 100) for number in range(13)))
    page.get_by_label("Parameter of drill to set").select_option("steps")
    page.get_by_label("Steps").fill("1, 2")
    expect(page.get_by_text("26 of at most 24 runs")).to_be_visible()
    page.locator("#submit").click()
    expect(page.locator("[data-field=runs] .wrong")).to_have_text("these are 26 runs; at most 24 are made")
    page.get_by_label("Steps").fill("1")
    page.get_by_label("Strength").fill("0, 0.05, 0.02")
    page.locator("#submit").click()
    table = page.locator(".comparison")
    expect(table.get_by_role("heading")).to_have_text("3 runs, best first")
    expect(table.locator(".advice li").first).to_have_text(re.compile(r"^Run \d .*\.$"))
    assert sorted(table.locator("tbody td:nth-child(4)").all_inner_texts()) == ["0", "0.02", "0.05"]
    table.get_by_role("button", name="Show run 1").click()
    expect(table.get_by_role("button", name="Show run 1")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".viewer-frame")).to_be_in_viewport()
    page.get_by_role("button", name="Contact sheet").click()
    assert (
        page.get_by_alt_text("The original and the result of every run").evaluate(
            "image => image.decode().then(() => image.naturalWidth)"
        )
        > 500
    )


def test_the_time_goes_on_between_two_steps(page: Page) -> None:
    events = 'event: progress\ndata: {"progress": {"stage": "denoising", "step": 1, "steps": 9, "attempt": 1}}\n\n'
    page.route("**/jobs/*/events", lambda route: route.fulfill(body=events, content_type="text/event-stream"))
    page.route(re.compile(r"/jobs/[0-9a-f]{32}$"), lambda route: None)  # no answer, so nothing more is known of the job
    submit(page, steps=1000)
    for passed in ("[1-9]", "([3-9]|[1-9][0-9])"):
        expect(page.locator(".doing-box")).to_contain_text(re.compile(rf"step 1 of 9, {passed}(\.[0-9])? s so far"))
    page.locator("#cancel").click()
    expect(page.locator(".doing-box")).to_contain_text("Stops after the current step.")


def test_a_job_is_cancelled(page: Page) -> None:
    submit(page, steps=1000)
    expect(page.locator("#doing")).to_have_text("Generating")
    page.locator("#cancel").click()
    expect(page.locator("#result")).to_contain_text("The job was cancelled on request.")
    expect(page.locator(".job").first).to_contain_text("Cancelled")
    expect(page.locator("#submit")).to_be_enabled()


def test_what_failed_says_why(page: Page) -> None:
    page.locator("#more").evaluate("more => more.open = true")
    page.get_by_label("Prompt", exact=True).fill("raise")
    submit(page)
    expect(page.locator("#result")).to_contain_text("engine_failed")
    expect(page.locator("#result").get_by_role("alert")).to_contain_text("The engine could not make this image.")


def test_a_customisation_changes_what_was_painted_alone(page: Page) -> None:
    page.set_input_files("#picture", photo())
    page.get_by_role("radio", name="Customise").check()
    page.get_by_role("button", name="make it orange").click()
    expect(page.get_by_label("What to change")).to_have_value("make it orange")
    page.get_by_role("radio", name="A painted area").check()
    page.locator("#submit").click()
    expect(page.locator("[data-field=mask] .wrong")).to_have_text("paint the mask first")
    page.get_by_role("button", name="Paint the mask").click()
    table = page.get_by_role("application")
    box = table.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.4)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.6, steps=4)
    page.mouse.up()
    for key in ("ArrowUp", "Shift+ArrowRight", " "):
        table.press(key)
    page.get_by_role("button", name="Done").click()
    page.locator("#submit").click()
    expect(page.locator(".report")).to_contain_text("Requested: make it orange")
    kept = float(re.search(r"Protected area: ([\d.]+) %", page.locator(".report").inner_text()).group(1))
    assert 60 < kept < 99, "what was not painted"
    expect(page.locator(".report")).to_contain_text("largest change in it: 0.")


def test_an_instruction_that_is_not_understood_is_told_beside_it(page: Page) -> None:
    page.set_input_files("#picture", photo())
    page.get_by_role("radio", name="Customise").check()
    page.get_by_label("What to change").fill("make it sparkle")
    page.locator("#submit").click()
    expect(page.locator("[data-field=instruction] .wrong")).to_have_count(1)
    expect(page.locator("[data-field=instruction] .wrong")).to_contain_text("the word 'sparkle' is not understood")
    expect(page.get_by_label("What to change")).to_be_focused()


@pytest.mark.parametrize(
    ("way", "field", "told"),
    [
        ("By instruction", "instruction", "say what to change"),
        ("Print text", "text", "say what to print"),
        ("Print a logo", "logo", "choose a picture"),
        ("Keep the edges", "prompt", "say what the result shows"),
    ],
)
def test_a_wish_that_says_nothing_is_told_beside_its_field(page: Page, way: str, field: str, told: str) -> None:
    page.set_input_files("#picture", photo())
    page.get_by_role("radio", name="Customise").check()
    page.get_by_role("radio", name=way).check()
    page.locator("#submit").click()
    expect(page.locator(f"[data-field={field}] .wrong")).to_have_text(told)
    expect(page.locator(".summary-error")).to_have_text("Something is missing.")


def test_a_job_that_was_deleted_elsewhere_is_told_and_leaves_the_list(site: Live, page: Page) -> None:
    submit(page)
    page.locator(".report").wait_for()
    job = page.url.partition("#job=")[2]
    row = page.locator(f".job[data-job='{job}']")
    expect(row).to_contain_text("Accepted")
    assert site.http.delete(f"/jobs/{job}").is_success
    row.get_by_role("button", name=re.compile("^Delete")).click()
    page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    expect(page.locator("#banner")).to_contain_text("has expired or was deleted")
    expect(row).to_have_count(0)


def test_what_is_no_picture_leaves_a_result_beside_its_report(page: Page) -> None:
    submit(page)
    page.locator(".report").wait_for()
    page.set_input_files("#picture", {"name": "moving.gif", "mimeType": "image/gif", "buffer": b"GIF89a"})
    expect(page.locator("#banner")).to_contain_text("moving.gif is not a PNG, JPEG or WebP picture.")
    expect(page.locator(".after")).to_be_visible()
    expect(page.locator(".report")).to_be_visible()


def test_a_picture_is_generated_from_nothing(page: Page) -> None:
    page.get_by_role("radio", name="Generate").check()
    page.get_by_label("What the image shows").fill("a drill")
    page.get_by_label("Width").fill("64")
    page.locator("#submit").click()
    expect(page.locator(".summary-error")).to_contain_text("width and height are needed together")
    page.get_by_label("Height").fill("80")
    page.locator("#submit").click()
    page.locator(".report").wait_for()
    assert page.locator(".knob").count() == 0, "there is nothing to compare it with"
    page.get_by_role("radio", name="100 %").check()
    assert shown_size(page) == (64, 80)


def test_a_job_is_called_by_its_reference_and_found_by_it(site: Live, page: Page) -> None:
    page.get_by_text("More settings").click()
    page.get_by_label("Reference", exact=True).fill("SKU 1/a")
    submit(page)
    page.locator(".report").wait_for()
    job = page.url.partition("#job=")[2]
    assert site.http.get(f"/jobs/{job}").json()["reference"] == "SKU 1/a"
    row = page.locator(f".job[data-job='{job}']")
    expect(row.locator(".job-name")).to_have_text("SKU 1/a")
    with page.expect_download() as download:
        page.locator("#download").click()
    assert download.value.suggested_filename.startswith("SKU-1-a-0.")
    search = page.get_by_role("searchbox", name="Only jobs with this reference")
    search.fill("SKU 1/b")
    search.press("Enter")
    expect(page.get_by_text("No job has this reference.")).to_be_visible()
    search.fill("SKU 1/a")
    search.press("Enter")
    expect(row).to_have_count(1)
    expect(page.locator(".job")).to_have_count(1)


def test_a_job_is_opened_again_by_its_address_and_deleted(site: Live, page: Page, open_page: Open) -> None:
    submit(page)
    page.locator(".report").wait_for()
    address = page.url
    job = address.partition("#job=")[2]
    other = open_page(site.url, f"/#job={job}")
    expect(other.locator(".before")).to_have_count(1)
    assert other.locator(".before").evaluate("image => image.naturalWidth") == 96
    row = other.locator(f".job[data-job='{job}']")
    expect(row).to_have_attribute("aria-current", "true")
    row.scroll_into_view_if_needed()
    expect(row.locator("canvas")).to_have_count(1)
    row.get_by_role("button", name=re.compile("^Delete")).click()
    other.get_by_role("button", name="Keep it").click()
    expect(row).to_have_count(1)
    row.get_by_role("button", name=re.compile("^Delete")).click()
    other.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)
    expect(other.locator("#result")).to_be_hidden()
    assert site.http.get(f"/jobs/{job}").status_code in (404, 410)


def test_a_button_that_comes_too_late_says_so(site: Live, page: Page) -> None:
    submit(page)
    page.locator(".report").wait_for()
    job = page.url.partition("#job=")[2]
    row = page.locator(f".job[data-job='{job}']")
    row.get_by_role("button", name=re.compile("^Delete")).wait_for()
    assert site.http.delete(f"/jobs/{job}").status_code == 204
    row.get_by_role("button", name=re.compile("^Delete")).click()
    page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    expect(page.locator("#banner")).to_be_visible()
    expect(page.locator("#banner")).to_contain_text("job")
