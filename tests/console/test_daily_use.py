"""What a person who works in the console all day runs into: a job that failed, one that stops, files, engines."""

import pytest
from playwright.sync_api import Page

from tests.console.conftest import Open, expect, photo
from tests.console.test_jobs import submit
from tests.service.conftest import Live

pytestmark = pytest.mark.processes


def test_a_failed_job_shows_its_picture_when_it_is_opened_again(site: Live, page: Page, open_page: Open) -> None:
    page.locator("#more").evaluate("more => more.open = true")
    page.get_by_label("Prompt", exact=True).fill("raise")
    submit(page)
    expect(page.locator("#result")).to_contain_text("engine_failed")
    expect(page.locator("#stage img")).to_be_visible()
    other = open_page(site.url, f"/{page.url.partition(site.url + '/')[2]}")
    expect(other.locator("#result")).to_contain_text("engine_failed")
    shown = other.get_by_role("img", name="Picture of the job: photo.png")
    expect(shown).to_be_visible()
    assert shown.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [96, 128]


def test_cancel_is_off_while_a_job_stops(page: Page) -> None:
    submit(page, steps=1000)
    expect(page.locator("#doing")).to_have_text("Generating")
    page.route("**/cancel", lambda _: None)  # the answer does not come
    page.locator("#cancel").click()
    expect(page.locator("#cancel")).to_be_disabled()
    expect(page.locator("#doing")).to_have_text("Cancelling")
    job = page.url.partition("#job=")[2]
    page.wait_for_timeout(600)  # some steps go by, and say nothing else
    expect(page.locator("#doing")).to_have_text("Cancelling")
    page.unroute("**/cancel")
    page.evaluate("job => fetch(`jobs/${job}/cancel`, { method: 'POST' })", job)
    expect(page.locator("#result")).to_contain_text("The job was cancelled on request.")


def test_an_alert_goes_with_the_file_that_it_was_about(page: Page) -> None:
    submit(page)
    page.locator(".report").wait_for()
    page.set_input_files("#picture", {"name": "moving.gif", "mimeType": "image/gif", "buffer": b"GIF89a"})
    expect(page.locator("#banner")).to_contain_text("moving.gif")
    page.set_input_files("#picture", photo())
    expect(page.locator("#banner")).to_be_hidden()


def test_an_engine_that_is_not_installed_is_not_kept(page: Page) -> None:
    page.get_by_role("radio", name="Customise", exact=True).check()
    engine = page.locator("select[name=engine]")
    chosen = engine.input_value()
    assert engine.locator("optgroup[label='Not installed'] option[value=flux-kontext]").count() == 1
    engine.select_option("flux-kontext")
    expect(engine).to_have_value(chosen)
    note = page.locator("[data-field=engine] [role=status]")
    expect(note).to_contain_text("flux-kontext is not installed")
    expect(note.locator("code")).to_have_text("likeness models pull flux-kontext")


def test_a_generated_picture_says_that_nobody_judged_it(page: Page) -> None:
    page.get_by_role("radio", name="Generate").check()
    page.get_by_label("What the image shows").fill("a drill")
    page.get_by_label("Width").fill("64")
    page.get_by_label("Height").fill("80")
    page.locator("#submit").click()
    expect(page.get_by_role("article", name="Not judged")).to_be_visible()


def test_several_pictures_are_made_alike(site: Live, page: Page) -> None:
    page.set_input_files("#picture", [{**photo(), "name": f"several-{number}.png"} for number in range(3)])
    expect(page.locator("#others")).to_have_text("And with the same settings: several-1.png, several-2.png")
    page.get_by_label("Strength", exact=True).fill("0.03")
    page.locator("#submit").click()
    page.locator(".report").wait_for()
    for number in range(3):
        expect(page.locator(".job-name", has_text=f"several-{number}.png")).to_be_visible()
    jobs = [job for job in site.http.get("/jobs?limit=9").json()["jobs"] if (job["filename"] or "").startswith("sev")]
    assert len(jobs) == 3
    for job in jobs:
        done = site.http.get(f"/jobs/{job['id']}?wait=20").json()
        assert done["result"]["recipe"]["task"]["strength"] == 0.03
    page.locator("#again").click()
    expect(page.locator("#others")).to_have_count(0)
    page.set_input_files("#picture", [photo(), {**photo(), "name": "no.txt", "mimeType": "text/plain"}])
    expect(page.locator("#stage .wrong")).to_contain_text("no.txt is not a PNG, JPEG or WebP picture.")


ASKED = {
    "recreate": {"engine": "drill", "steps": "3", "strength": "0.05", "prompt": "a box", "reference": "SKU 9"},
    "recolour": {"recolour": '{"to": "#1F7A3D", "mask": "background"}', "engine": "retouch", "attempts": "2"},
    "edits": {"edits": '[{"instruction": "make it red"}, {"instruction": "put it on a white background"}]'},
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_a_job_is_edited_again_after_a_reload(site: Live, page: Page, asked: dict[str, str]) -> None:
    call = "/recreate" if "steps" in asked else "/customise"
    files, wait = {"image": ("shirt.png", photo()["buffer"])}, {"Prefer": "wait=30"}
    given = site.http.post(call, files=files, data=asked, headers=wait).json()
    page.goto(f"{site.url}/#job={given['id']}")
    page.reload()
    page.locator("#edit-again").click()
    lost = "attempts" in asked  # an engine that makes the same each time is asked once
    told = "The settings are back; choose again: attempts" if lost else "The picture and the settings are back"
    expect(page.locator("#live")).to_have_text(told)
    expect(page.get_by_role("img", name="Original: shirt.png")).to_be_visible()
    page.locator("#submit").click()
    page.locator(".report").wait_for()
    again = site.http.get(f"/jobs/{page.url.partition('#job=')[2]}").json()
    assert again["id"] != given["id"] and again["filename"] == "shirt.png"
    task = given["result"]["recipe"]["task"]
    assert again["result"]["recipe"]["task"] == ({**task, "attempts": 1} if lost else task)
    assert again["result"]["recipe"]["input_sha256"] == given["result"]["recipe"]["input_sha256"]


def test_a_result_is_worked_on_and_back_leads_to_its_job(site: Live, page: Page) -> None:
    submit(page)
    page.locator("#use-result").click()
    expect(page.get_by_role("img", name="Original: photo-result.png")).to_be_visible()
    expect(page.locator("#result")).to_be_hidden()
    page.go_back()
    page.locator(".report").wait_for()
    page.go_back()
    expect(page.locator("#result")).to_be_hidden()


def test_recent_jobs_say_what_was_asked_of_which_file(site: Live, page: Page) -> None:
    answer = site.http.post(
        "/customise",
        files={"image": ("shirt.png", photo()["buffer"])},
        data={"instruction": "make it red", "reference": "SKU 9", "engine": "retouch"},
        headers={"Prefer": "wait=30"},
    )
    page.reload()
    row = page.locator(f".job[data-job='{answer.json()['id']}']")
    expect(row.locator(".job-name")).to_have_text("SKU 9")
    expect(row.locator("p")).to_contain_text("make it red, shirt.png, retouch")
    row.scroll_into_view_if_needed()
    expect(row.locator(".job-thumb canvas")).to_be_visible()
