"""Pictures out of the common: turned, long, tiny, transparent, large; looked at closely with mouse, finger and keys."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.console.conftest import Open, expect, photo
from tests.service.conftest import Live

pytestmark = pytest.mark.processes

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
SCROLLED = "frame => [frame.scrollLeft, frame.scrollTop]"
TURNED = 6
"""The EXIF orientation of a camera held upright: the stored picture lies on its side."""


def turned() -> dict[str, object]:
    """A JPEG that lies on its side, and says so: upright 48 by 96 px, its upper half red, its lower half blue."""
    upright = Image.new("RGB", (48, 96), (30, 40, 200))
    upright.paste((210, 40, 30), (0, 0, 48, 48))
    exif = Image.Exif()
    exif[274] = TURNED
    file = io.BytesIO()
    upright.transpose(Image.Transpose.ROTATE_90).save(file, "JPEG", exif=exif, quality=95)
    return {"name": "turned.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()}


def made(page: Page, given: dict[str, object]) -> None:
    page.set_input_files("#picture", given)
    page.locator("#submit").click()
    page.locator(".report").wait_for()


def pixel(page: Page, which: str, across: float, down: float) -> list[int]:
    """The colour of a picture of the viewer at a place, as the browser draws it."""
    return page.locator(which).evaluate(
        """(image, [across, down]) => {
        const canvas = document.createElement('canvas');
        [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
        const pen = canvas.getContext('2d');
        pen.drawImage(image, 0, 0);
        return [...pen.getImageData(across * canvas.width, down * canvas.height, 1, 1).data];
      }""",
        [across, down],
    )


def swipe(page: Page, box: dict[str, float], start: float, end: float) -> None:
    """Draw a finger across a box, from one share of its width to another."""
    touch = page.context.new_cdp_session(page)
    for step in range(12):
        across = box["x"] + box["width"] * (start + (end - start) * min(1, step / 10))
        kind = "touchEnd" if step == 11 else "touchMove" if step else "touchStart"
        points = [] if step == 11 else [{"x": across, "y": box["y"] + 60}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_given_and_made_lie_the_same_way(page: Page) -> None:
    made(page, turned())
    for which in (".before", ".after"):
        assert page.locator(which).evaluate("image => [image.naturalWidth, image.naturalHeight]") == [48, 96]
        upper, lower = pixel(page, which, 0.5, 0.2), pixel(page, which, 0.5, 0.8)
        assert upper[0] > 150 > upper[2] and lower[2] > 150 > lower[0], which
    expect(page.locator("#stage .stage-name")).to_contain_text("48 × 96 px")


@pytest.mark.parametrize(("mode", "format"), [("CMYK", "JPEG"), ("I;16", "PNG"), ("RGBA", "PNG"), ("P", "PNG")])
def test_the_browser_shows_what_is_given_and_what_comes_back(page: Page, mode: str, format: str) -> None:
    source = Image.open(io.BytesIO(photo((64, 64))["buffer"]))
    grey = np.asarray(source.convert("L"), dtype=np.uint16) * 257
    picture = Image.fromarray(grey) if mode == "I;16" else source.convert(mode)
    if mode == "RGBA":
        picture.putalpha(Image.linear_gradient("L").resize((64, 64)))
    file = io.BytesIO()
    picture.save(file, format)
    made(page, {"name": f"x.{format.lower()}", "mimeType": f"image/{format.lower()}", "buffer": file.getvalue()})
    for across in (0.1, 0.5, 0.9):
        before, after = pixel(page, ".before", across, 0.6), pixel(page, ".after", across, 0.6)
        assert np.abs(np.subtract(before, after)).max() < 48, mode
    board = page.locator(".pictures").evaluate("one => getComputedStyle(one).backgroundImage")
    assert "conic-gradient" in board, "the chequerboard behind what is transparent"


def test_a_tiny_picture_and_a_long_name(page: Page) -> None:
    page.set_input_files("#picture", {**photo((1, 1)), "name": f"{'long' * 60}.png"})
    shown = page.locator(".shown img").bounding_box()
    assert shown["width"] >= 200 and shown["height"] >= 200
    stage, name = page.locator("#stage").bounding_box(), page.locator(".stage-name strong").bounding_box()
    assert name["height"] < 40 and name["x"] + name["width"] <= stage["x"] + stage["width"]
    assert page.get_by_role("button", name="Remove", exact=True).is_visible()
    page.locator("#submit").click()
    page.locator(".report").wait_for()
    assert page.locator(".pictures").bounding_box()["width"] > 200


def test_all_of_a_panorama_can_be_reached(page: Page) -> None:
    made(page, photo((1600, 80)))
    page.get_by_role("radio", name="400 %").check()
    frame, stage = page.locator(".viewer-frame"), page.locator("#stage").bounding_box()
    box = frame.bounding_box()
    assert box["x"] + box["width"] <= stage["x"] + stage["width"] + 1
    assert frame.evaluate("frame => frame.scrollWidth") > 6400
    knob = page.locator(".knob").bounding_box()
    assert box["x"] < knob["x"] < box["x"] + box["width"], "the divider stays in sight"
    left, _ = frame.evaluate(SCROLLED)
    page.mouse.move(box["x"] + 400, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 60, steps=2)
    page.mouse.up()
    assert frame.evaluate(SCROLLED)[0] == left + 100
    assert page.locator(".knob").get_attribute("aria-valuenow") == "50", "it was the picture that moved"
    frame.evaluate("frame => { window.moved = new Promise(done => frame.addEventListener('scrollend', done)); }")
    frame.focus()
    page.keyboard.press("ArrowRight")
    page.evaluate("() => window.moved.then(() => 0)")
    assert frame.evaluate(SCROLLED)[0] > left + 100
    page.get_by_role("radio", name="Fit").check()
    assert frame.get_attribute("tabindex") is None


def test_a_finger_moves_the_divider_and_the_picture(site: Live, open_page: Open) -> None:
    page = open_page(site.url, **PHONE)
    made(page, photo((300, 300)))
    pictures, frame = page.locator(".pictures"), page.locator(".viewer-frame")
    pictures.scroll_into_view_if_needed()
    swipe(page, pictures.bounding_box(), 0.5, 0.8)
    expect(page.locator(".knob")).to_have_attribute("aria-valuenow", "80")
    page.get_by_role("radio", name="400 %").check()
    frame.scroll_into_view_if_needed()
    before = frame.evaluate(SCROLLED)
    frame.evaluate("frame => { window.moved = new Promise(done => frame.addEventListener('scrollend', done)); }")
    swipe(page, frame.bounding_box(), 0.2, 0.7)
    page.evaluate("() => window.moved.then(() => 0)")
    assert frame.evaluate(SCROLLED)[0] < before[0] - 50
    assert page.locator(".knob").get_attribute("aria-valuenow") == "80"


def test_a_mask_of_a_large_picture_is_painted_small_and_sent_large(page: Page) -> None:
    file = io.BytesIO()
    Image.new("RGB", (6000, 4000), (120, 130, 140)).save(file, "JPEG")
    page.set_input_files("#picture", {"name": "large.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()})
    expect(page.locator(".stage-name")).to_contain_text("6000 × 4000 px")
    page.get_by_role("radio", name="Customise", exact=True).check()
    page.get_by_role("radio", name="Replace an area").check()
    page.get_by_label("What to show there").fill("a wall")
    page.get_by_role("radio", name="A painted area").check()
    page.get_by_role("button", name="Paint the mask").click()
    table = page.get_by_role("application")
    size = "canvas => [canvas.width, canvas.height]"
    assert table.locator("canvas").first.evaluate(size) == [2048, 1365], "each step that can be undone is kept whole"
    table.press(" ")
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_text("Mask painted.")).to_be_visible()
    sent: list[bytes] = []

    def take(route: object) -> None:
        sent.append(route.request.post_data_buffer)
        route.abort()

    page.route("**/customise", take)
    page.locator("#submit").click()
    expect(page.locator(".summary-error")).to_be_visible()
    start = sent[0].index(b"\x89PNG")
    mask = Image.open(io.BytesIO(sent[0][start:]))
    assert mask.size == (6000, 4000)
    assert mask.getpixel((3000, 2000))[:3] == (255, 255, 255) and mask.getpixel((10, 10))[:3] == (0, 0, 0)


def test_eight_candidates_fit_beside_each_other(page: Page) -> None:
    page.set_input_files("#picture", photo((64, 64)))
    page.locator("input[type=number][name=candidates]").fill("8")
    page.locator("#submit").click()
    tiles = page.locator(".candidate")
    expect(tiles).to_have_count(8)
    stage = page.locator("#stage").bounding_box()
    for tile in tiles.all():
        box = tile.bounding_box()
        assert box["x"] >= stage["x"] and box["x"] + box["width"] <= stage["x"] + stage["width"] + 1


def test_a_recent_picture_is_fetched_when_it_comes_into_view_two_at_a_time(site: Live, open_page: Open) -> None:
    for _ in range(4):
        site.finished(steps="1")
    page = open_page(site.url, viewport={"width": 1280, "height": 400})
    page.locator(".job").first.wait_for()
    asked, running = [], [0, 0]

    def slowly(route: object) -> None:
        asked.append(route.request.url)
        running[0] += 1
        running[1] = max(running)
        route.continue_()

    page.on("requestfinished", lambda request: running.__setitem__(0, running[0] - ("/thumbnail" in request.url)))
    page.route("**/images/*/thumbnail", slowly)
    assert page.locator(".job-thumb canvas").count() == 0
    page.locator(".job").nth(3).scroll_into_view_if_needed()
    expect(page.locator(".job-thumb canvas").first).to_be_visible()
    expect(page.locator(".job").nth(3).locator("canvas")).to_have_count(1)
    assert running[1] <= 2 and len(asked) == len(set(asked))
    before = len(asked)
    page.locator("#recent-refresh").click()
    expect(page.locator(".job").nth(3).locator("canvas")).to_have_count(1)
    assert page.locator(".job-thumb canvas").first.evaluate("canvas => [canvas.width, canvas.height]") == [128, 96]
    assert not set(asked[before:]) & set(asked[:before]), "what was drawn is drawn again from what is kept"
