"""The page itself: keys, problems, what can be copied, keyboard and screen reader, colours, widths, its policy."""

import base64
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page

from service.auth.keys import KeyLimits, Scope, create_key
from tests.console.conftest import Open, Stack, barriers, expect, photo
from tests.service.conftest import Live, serving
from tests.support.places import ROOT

pytestmark = pytest.mark.processes

PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
PAIRS = [
    *[(ink, ground) for ink in ("ink", "muted") for ground in ("paper", "card", "well", "trough")],
    *[(ink, "card") for ink in ("accent", "good", "bad", "warn")],
    *[("accent", ground) for ground in ("paper", "accent-soft")],
    *[(tone, f"{tone}-soft") for tone in ("good", "bad", "warn")],
    *[("ink", ground) for ground in ("raised", "accent-soft", "good-soft", "bad-soft")],
    ("on-solid", "solid"),
    ("muted", "accent-soft"),
]
"""Texts and what they stand on."""
LUMINANCE = """colour => {
  const probe = document.createElement('canvas').getContext('2d');
  probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--' + colour).trim();
  probe.fillRect(0, 0, 1, 1);
  const linear = [...probe.getImageData(0, 0, 1, 1).data].slice(0, 3).map(value => value / 255)
    .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}"""


def contrast(page: Page, one: str, other: str) -> float:
    """WCAG 2's contrast ratio of two colours of the palette."""
    light, dark = sorted((page.evaluate(LUMINANCE, one), page.evaluate(LUMINANCE, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_can_be_read_in_both_schemes(site: Live, open_page: Open, scheme: str) -> None:
    page = open_page(site.url, color_scheme=scheme)
    assert (page.evaluate(LUMINANCE, "paper") > 0.5) == (scheme == "light")
    faint = {pair: round(contrast(page, *pair), 2) for pair in PAIRS if contrast(page, *pair) < 4.5}
    assert not faint
    assert contrast(page, "edge", "card") >= 3, "the outline of what can be filled in"


def test_a_phone_never_scrolls_sideways(site: Live, open_page: Open) -> None:
    page = open_page(site.url, **PHONE)
    page.locator("#submit").wait_for()
    across = "() => [document.documentElement.scrollWidth, window.innerWidth]"
    for kind in ("Customise", "Compare", "Generate", "Recreate"):
        page.get_by_role("radio", name=kind, exact=True).check()
        assert page.evaluate(across) == [390, 390], kind
    page.set_input_files("#picture", photo())
    page.locator("#submit").click()
    page.locator(".report").wait_for()
    assert page.evaluate(across) == [390, 390]
    for name in ("edit-again", "use-result", "again"):
        box = page.locator(f"#{name}").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390, f"{name} is whole"
    stage, report, panel = (page.locator(one).bounding_box()["y"] for one in ("#stage", ".report", "#panel"))
    assert stage < report < panel


def test_everything_has_a_name_and_a_place(page: Page) -> None:
    assert page.locator("html").get_attribute("lang") == "en"
    for landmark in ("banner", "main", "navigation", "form"):
        expect(page.get_by_role(landmark)).to_have_count(1)
    assert page.locator("h1").count() == 1
    page.locator("#more").evaluate("more => more.open = true")
    for kind in ("Recreate", "Customise", "Compare", "Generate"):
        page.get_by_role("radio", name=kind, exact=True).check()
        nameless = """() => [...document.querySelectorAll('input, select, textarea, button, a[href]')].filter(one =>
          !(one.labels?.length || one.ariaLabel || one.textContent.trim())).map(one => one.outerHTML)"""
        assert page.evaluate(nameless) == []
    ids = page.evaluate("() => [...document.querySelectorAll('[id]')].map(one => one.id)")
    assert len(ids) == len(set(ids))
    assert page.locator("#live").get_attribute("aria-live") == "polite"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_barrier(site: Live, open_page: Open, scheme: str) -> None:
    page = open_page(site.url, color_scheme=scheme, reduced_motion="reduce")
    page.locator("#submit").wait_for()
    assert barriers(page) == []
    for kind in ("Customise", "Packshot", "Check", "Generate", "Compare"):
        page.get_by_role("radio", name=kind, exact=True).check()
        page.locator("#more").evaluate_all("all => all.forEach((more) => { more.open = true; })")
        assert barriers(page) == [], kind
    page.set_input_files("#picture", photo())
    page.locator("#submit").click()
    page.locator(".comparison").wait_for()
    assert barriers(page) == []
    page.get_by_role("radio", name="Recreate", exact=True).check()
    page.locator("#submit").click()
    page.locator(".report").wait_for()
    expect(page.locator(".job-name")).not_to_have_count(0)
    assert barriers(page) == []


def test_the_keyboard_alone_does_it_all(page: Page) -> None:
    page.set_input_files("#picture", photo())  # the one thing that needs the system's own dialog
    page.get_by_role("button", name="Replace").focus()
    seen = []
    for _ in range(14):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                "() => document.activeElement.name || document.activeElement.id || document.activeElement.tagName"
            )
        )
        if seen[-1] == "submit":
            break
    names = [re.sub(r"-\d+$", "", name) for name in seen]
    assert names == ["remove", "kind", "engine", "steps", "strength", "candidates", "SUMMARY", "submit"]
    assert page.locator("#submit").evaluate("one => getComputedStyle(one).outline").endswith("solid 3px")
    page.keyboard.press("Enter")
    page.locator(".report").wait_for()
    knob = page.get_by_role("slider", name="Divider between original and result")
    knob.focus()
    page.keyboard.press("ArrowRight")
    expect(knob).to_have_attribute("aria-valuetext", "52 % original, 48 % result")
    expect(page.locator("#live")).to_have_text("Done: accepted")


def test_a_picture_is_pasted_and_what_is_none_refused(page: Page) -> None:
    paste = """([name, type, data]) => {
      const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
      const clip = new DataTransfer();
      clip.items.add(new File([bytes], name, {type}));
      document.dispatchEvent(new ClipboardEvent('paste', {clipboardData: clip, bubbles: true, cancelable: true}));
    }"""
    given = photo()
    page.evaluate(paste, ["broken.png", "image/png", base64.b64encode(b"no picture").decode()])
    expect(page.locator("#stage").get_by_role("alert")).to_have_text("broken.png cannot be read as a picture.")
    page.evaluate(paste, ["pasted.png", "image/png", base64.b64encode(given["buffer"]).decode()])
    expect(page.locator(".stage-name")).to_contain_text("pasted.png 96 × 128 px")
    page.evaluate(paste, ["moving.gif", "image/gif", ""])
    expect(page.locator("#stage").get_by_role("alert")).to_have_text("moving.gif is not a PNG, JPEG or WebP picture.")
    expect(page.locator(".stage-name")).to_contain_text("pasted.png")


def test_a_picture_is_dropped(page: Page) -> None:
    handle = page.evaluate_handle(
        """data => {
      const drag = new DataTransfer();
      const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
      drag.items.add(new File([bytes], 'dropped.png', {type: 'image/png'}));
      return drag;
    }""",
        base64.b64encode(photo()["buffer"]).decode(),
    )
    page.locator(".drop").dispatch_event("drop", {"dataTransfer": handle})
    expect(page.locator(".stage-name")).to_contain_text("dropped.png")


def test_what_is_wrong_stands_beside_its_field(page: Page) -> None:
    page.locator("#submit").click()
    expect(page.locator(".summary-error")).to_have_text("choose a picture first")
    page.set_input_files("#picture", photo())
    steps = page.locator("input[name=steps]")
    steps.fill("5000")
    page.locator("#submit").click()
    expect(page.locator("[data-field=steps] .wrong")).to_contain_text("less than or equal to 1000")
    expect(steps).to_be_focused()
    expect(steps).to_have_attribute("aria-invalid", "true")
    steps.fill("1")
    page.locator("#submit").click()
    page.locator(".report").wait_for()
    expect(page.locator(".wrong")).to_have_count(0)


def test_a_full_queue_is_counted_down_and_tried_again(everything: Stack, open_page: Open) -> None:
    settings = everything.settings(3, catalogue=everything.folder / "everything.toml", max_queued=0)
    with serving(settings) as full:
        page = open_page(full.url)
        page.set_input_files("#picture", photo())
        page.locator("#submit").click()
        expect(page.locator(".summary-error")).to_contain_text("at most 0 may")
        again = page.get_by_role("button", name=re.compile("^Try again in"))
        expect(again).to_be_disabled()
        again = page.get_by_role("button", name="Try again", exact=True)
        with page.expect_response("**/recreate") as answered:
            again.click()
        assert answered.value.status == 429


def test_keys_are_asked_for_used_and_never_shown(everything: Stack, tmp_path: Path, open_page: Open) -> None:
    keys = tmp_path / "keys.json"
    key = create_key(keys, "shop")
    settings = everything.settings(2, catalogue=everything.folder / "everything.toml", keys_file=keys)
    with serving(settings) as live:
        page = open_page(live.url, permissions=["clipboard-read", "clipboard-write"])
        box = page.get_by_label("Key for this service")
        expect(box).to_be_focused()
        assert box.get_attribute("type") == "password"
        box.fill("lk_wrong")
        page.get_by_role("button", name="Use this key").click()
        expect(page.get_by_text("The service rejected this key.")).to_be_visible()
        page.get_by_label("Key for this service").fill(key)
        page.get_by_role("button", name="Use this key").click()
        page.set_input_files("#picture", photo())
        page.locator("#submit").click()
        page.locator(".report").wait_for()
        assert page.locator(".after").evaluate("image => image.naturalWidth") == 96
        with page.expect_download() as saved:
            page.locator("#report-page").click()
        assert "data:image/jpeg;base64," in Path(saved.value.path()).read_text()
        assert key not in page.url and key not in page.content()
        kept = "() => [Object.values(sessionStorage), Object.values(localStorage), document.cookie]"
        assert page.evaluate(kept) == [[key], [], ""]
        page.get_by_role("button", name="Copy as curl").click()
        copied = page.evaluate("() => navigator.clipboard.readText()")
        assert "$LIKENESS_KEY" in copied and key not in copied
        page.reload()
        page.locator("#result .report").wait_for()


def test_a_key_that_may_not_is_told_so_and_another_one_asked_for(
    everything: Stack, tmp_path: Path, open_page: Open
) -> None:
    keys = tmp_path / "keys.json"
    reader = create_key(keys, "reader", KeyLimits(scopes=[Scope.READ]))
    writer = create_key(keys, "writer")
    settings = everything.settings(2, catalogue=everything.folder / "everything.toml", keys_file=keys)
    with serving(settings) as live:
        page = open_page(live.url)
        page.get_by_label("Key for this service").fill(reader)
        page.keyboard.press("Enter")
        page.set_input_files("#picture", photo())
        page.locator("#submit").click()
        expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("jobs:write")
        page.get_by_label("Key for this service").fill(writer)
        page.keyboard.press("Enter")
        page.locator(".report").wait_for()


@pytest.mark.parametrize("how", ["curl", "Python"])
def test_what_is_copied_runs_and_asks_the_same(site: Live, open_page: Open, tmp_path: Path, how: str) -> None:
    page = open_page(site.url, permissions=["clipboard-read", "clipboard-write"])
    given = {**photo(), "name": "it's; a photo.png"}
    (tmp_path / given["name"]).write_bytes(given["buffer"])
    page.set_input_files("#picture", given)
    page.get_by_role("spinbutton", name="Steps").fill("3")
    page.locator("#more").evaluate("more => more.open = true")
    page.get_by_role("spinbutton", name="Seed").fill("11")
    page.get_by_label("Prompt", exact=True).fill('@file "quoted" $HOME; it\'s')
    page.get_by_role("button", name=f"Copy as {how}").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    text = page.evaluate("() => navigator.clipboard.readText()")
    command = ["bash", "-c", text] if how == "curl" else [sys.executable, "-c", text]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stderr
    if how == "Python":
        assert "accepted" in done.stdout and (tmp_path / "result-0.png").exists()
    newest = site.http.get("/jobs", params={"limit": 1}).json()["jobs"][0]
    asked = newest["result"]["recipe"]["task"]
    assert (asked["steps"], asked["seed"], asked["prompt"]) == (3, 11, '@file "quoted" $HOME; it\'s')
    assert newest["engine"] == "drill"


def test_a_service_that_is_away_is_told_and_found_again(page: Page) -> None:
    page.context.set_offline(True)
    page.locator("#recent-refresh").click()
    expect(page.locator("#banner")).to_contain_text("The service is not responding")
    page.context.set_offline(False)
    page.locator("#recent-refresh").click()
    expect(page.locator("#banner")).to_be_hidden()


def test_without_events_the_job_is_polled(page: Page) -> None:
    page.route("**/events*", lambda route: route.abort())
    page.set_input_files("#picture", photo())
    page.locator("input[name=steps]").fill("20")
    page.locator("#submit").click()
    page.get_by_role("article", name="Accepted").wait_for()


def test_motion_only_where_it_is_wanted(site: Live, open_page: Open) -> None:
    for wish, expected in (("reduce", "none"), ("no-preference", "fade")):
        page = open_page(site.url, reduced_motion=wish)
        page.set_input_files("#picture", photo())
        shown = page.locator(".shown img")
        shown.wait_for()
        assert shown.evaluate("image => getComputedStyle(image).animationName") == expected


def test_a_browser_gets_the_answer_to_a_body_that_is_too_large(page: Page) -> None:
    """It is sent while the rest of the body comes, which a connection closed at once would lose."""
    sent = """async size => {
        const headers = {'Content-Type': 'application/json'};
        const answer = await fetch('/generate', {method: 'POST', headers, body: new Uint8Array(size)});
        return [answer.status, (await answer.json()).code];
    }"""
    assert page.evaluate(sent, 40_000_000) == [413, "upload_too_large"]
