"""The review page: a dozen results judged by keyboard, nothing lost, and a wall of thousands that opens fast."""

import re
import time
import zlib
from pathlib import Path

import pytest
import redis
from playwright.sync_api import Page

from likeness.contract.jobs import new_job_id
from likeness.queue import keys
from service.auth.keys import LOCAL_OWNER, create_key
from service.queue.listing import reference_key
from tests.console.conftest import Open, barriers, expect, photo
from tests.console.test_page import PHONE
from tests.service.conftest import Live, Stack, serving

pytestmark = pytest.mark.processes
DOZEN = 12
MANY = 2000
HUNDREDS = 200
BEN_TOO = 60
"""Of the hundreds, how many a second person judges at the same time."""
NAMELESS = """() => [...document.querySelectorAll('input, select, textarea, button, a[href]')].filter(one =>
  !(one.labels?.length || one.ariaLabel || one.textContent.trim())).map(one => one.outerHTML)"""


def made(site: Live, reference: str, **fields: str) -> dict:
    answer = site.http.post(
        "/recreate",
        files={"image": ("photo.png", photo()["buffer"])},
        data={"reference": reference, **fields},
        headers={"Prefer": "wait=30"},
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def dozen(site: Live) -> list[str]:
    """The ids of twelve results, newest first, as the wall has them; two are rejected by the verdict."""
    bad = {3, 7}
    return [
        made(site, "dozen", **({"thresholds": '{"ssim": 1}'} if number in bad else {}))["id"] for number in range(DOZEN)
    ][::-1]


@pytest.fixture
def wall(site: Live, dozen: list[str], open_page: Open) -> Page:
    for job in dozen:
        site.http.delete(f"/jobs/{job}/review")
    page = open_page(site.url, "/review#reference=dozen")
    page.locator(".tile[aria-selected=true]").wait_for()
    return page


def on_bench(page: Page, job: str) -> None:
    """Wait until a result is chosen and lies on the bench."""
    expect(page.locator(f"#tile-{job}")).to_have_attribute("aria-selected", "true")
    expect(page).to_have_url(re.compile(job))
    loaded(page)


def loaded(page: Page) -> None:
    """Wait until the result on the bench is loaded. (What waits by a function is refused by the page's policy.)"""
    expect(page.locator(".bench .after")).not_to_have_js_property("naturalWidth", 0)


def stands(site: Live, jobs: list[str]) -> list[str]:
    return [site.http.get(f"/jobs/{job}").json()["review"] for job in jobs]


def test_a_dozen_results_by_keyboard(site: Live, dozen: list[str], wall: Page) -> None:
    for place, job in enumerate(dozen):
        on_bench(wall, job)
        wall.keyboard.press("r" if place % 3 == 0 else "a")
    wanted = ["rejected" if place % 3 == 0 else "approved" for place in range(DOZEN)]
    expect(wall.locator("#progress")).to_have_text(f"{DOZEN} of {DOZEN} judged by you")
    wall.reload()
    expect(wall.locator("#progress")).to_have_text(f"{DOZEN} of {DOZEN} judged by you")
    assert stands(site, dozen) == wanted
    assert wall.locator(".tile").evaluate_all("tiles => tiles.map((tile) => tile.dataset.review)") == wanted


def test_judged_as_fast_as_keys_are_pressed(site: Live, dozen: list[str], wall: Page) -> None:
    for _ in dozen:
        wall.keyboard.press("a")
    wall.reload()
    expect(wall.locator(".tile[data-review=approved]")).to_have_count(DOZEN)
    assert stands(site, dozen) == ["approved"] * DOZEN


def test_undo_goes_back_step_by_step(site: Live, dozen: list[str], wall: Page) -> None:
    for letter in "aar":
        wall.keyboard.press(letter)
    on_bench(wall, dozen[3])
    wall.keyboard.press("u")
    on_bench(wall, dozen[2])
    wall.keyboard.press("u")
    on_bench(wall, dozen[1])
    expect(wall.locator("#progress")).to_have_text(f"1 of {DOZEN} judged by you")
    wall.reload()
    on_bench(wall, dozen[1])
    assert stands(site, dozen[:3]) == ["approved", "none", "none"]
    wall.keyboard.press("ArrowLeft")
    on_bench(wall, dozen[0])
    wall.keyboard.press("u")
    expect(wall.locator("#progress")).to_have_text(f"0 of {DOZEN} judged by you")


def test_a_comment_stays_with_the_decision(site: Live, dozen: list[str], wall: Page) -> None:
    wall.keyboard.press("c")
    wall.get_by_label("Comment", exact=True).fill("too red, a bit")
    wall.keyboard.press("Control+Enter")
    expect(wall.locator(".comment")).to_have_text(" too red, a bit")
    wall.keyboard.press("r")
    on_bench(wall, dozen[1])
    wall.reload()
    on_bench(wall, dozen[1])
    wall.keyboard.press("ArrowLeft")
    on_bench(wall, dozen[0])
    wall.wait_for_load_state("networkidle")  # what the reload cut off is sent again
    (review,) = site.http.get(f"/jobs/{dozen[0]}").json()["reviews"]
    assert (review["decision"], review["comment"]) == ("rejected", "too red, a bit")
    expect(wall.locator(".comment")).to_have_text(" too red, a bit")


def test_zoom_and_difference(dozen: list[str], wall: Page) -> None:
    on_bench(wall, dozen[0])
    wall.keyboard.press("z")
    sizes = wall.locator(".bench .pictures").evaluate_all(
        "all => all.map((one) => [one.clientWidth, one.clientHeight])"
    )
    assert sizes == [[96, 128]] * 2, "original and result, each at its own pixels"
    wall.keyboard.press("ArrowRight")
    on_bench(wall, dozen[1])
    expect(wall.locator(".bench .after")).to_have_js_property("clientWidth", 96)  # the zoom stays
    wall.keyboard.press("d")
    expect(wall.locator(".bench .pictures canvas")).to_be_visible()
    wall.keyboard.press("d")
    expect(wall.locator(".bench .pictures")).to_have_count(2)


def test_arrows_go_by_rows_and_filters_hold_after_a_reload(dozen: list[str], wall: Page) -> None:
    across = wall.locator("#wall").evaluate("list => getComputedStyle(list).gridTemplateColumns.split(' ').length")
    wall.keyboard.press("ArrowDown")
    on_bench(wall, dozen[across])
    wall.keyboard.press("ArrowUp")
    on_bench(wall, dozen[0])
    wall.keyboard.press("End")
    on_bench(wall, dozen[-1])
    wall.get_by_label("Verdict").select_option("rejected")
    expect(wall.locator(".tile")).to_have_count(2)
    expect(wall.locator(".bench .reasons")).to_contain_text("is below the asked 1.00")
    wall.keyboard.press("a")
    assert wall.get_by_label("Verdict").evaluate("select => select.value") == "rejected"
    wall.reload()
    expect(wall.locator(".tile")).to_have_count(2)
    wall.get_by_label("Review").select_option("none")
    expect(wall.locator(".tile")).to_have_count(1)


def test_what_cannot_be_sent_is_sent_later(site: Live, dozen: list[str], wall: Page) -> None:
    wall.context.set_offline(True)
    wall.keyboard.press("r")
    expect(wall.locator("#banner")).to_contain_text("not responding")
    assert stands(site, dozen[:1]) == ["none"]
    with wall.expect_response(lambda answer: answer.url.endswith("/review") and answer.request.method == "POST"):
        wall.context.set_offline(False)
    expect(wall.locator("#banner")).to_be_hidden()
    assert stands(site, dozen[:1]) == ["rejected"]


def test_a_phone_and_a_screen_reader(site: Live, dozen: list[str], open_page: Open) -> None:
    page = open_page(site.url, "/review#reference=dozen", **PHONE)
    page.locator(".bench .after").wait_for()
    assert page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]") == [390, 390]
    for name in ("Approve", "Reject", "Comment", "Undo"):
        expect(page.get_by_role("button", name=name)).to_be_in_viewport()
    page.get_by_role("button", name="Approve").tap()
    on_bench(page, dozen[1])
    expect(page.get_by_role("listbox", name="Results")).to_have_attribute("aria-activedescendant", f"tile-{dozen[1]}")
    expect(page.locator("#live")).to_contain_text("Approved: dozen")
    assert page.evaluate(NAMELESS) == []
    site.http.delete(f"/jobs/{dozen[0]}/review")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_barrier(site: Live, dozen: list[str], open_page: Open, scheme: str) -> None:
    page = open_page(site.url, "/review#reference=dozen", color_scheme=scheme, reduced_motion="reduce")
    on_bench(page, dozen[0])
    page.locator(".tile canvas").first.wait_for()
    assert barriers(page) == []
    page.keyboard.press("d")
    page.keyboard.press("c")
    page.get_by_label("Comment", exact=True).wait_for()
    assert barriers(page) == []


def test_two_people_at_once(site: Live, dozen: list[str], wall: Page, open_page: Open) -> None:
    """Both are the same key here: the last decision of each result stands, and no result is without one."""
    other = open_page(site.url, "/review#reference=dozen")
    other.locator(".tile[aria-selected=true]").wait_for()
    for _ in range(DOZEN // 2):
        other.keyboard.press("ArrowRight")
    for _ in range(DOZEN // 2):
        wall.keyboard.press("a")
        other.keyboard.press("r")
    for page in (wall, other):
        page.wait_for_load_state("networkidle")
    assert stands(site, dozen) == ["approved"] * (DOZEN // 2) + ["rejected"] * (DOZEN // 2)


def test_two_people_judge_hundreds_by_link_and_lose_nothing(everything: Stack, tmp_path: Path, open_page: Open) -> None:
    key = create_key(tmp_path / "keys.json", "shop")
    own = everything.settings(2, catalogue=everything.folder / "everything.toml", keys_file=tmp_path / "keys.json")
    with serving(own) as keyed:
        keyed.http.headers["Authorization"] = f"Bearer {key}"
        copies(everything, made(keyed, "hundreds")["id"], "shop", "hundreds", HUNDREDS)
        anna, ben = (opened_by_link(keyed, open_page, name) for name in ("anna", "ben"))
        for place in range(HUNDREDS):
            anna.keyboard.press("r" if place % 3 else "a")
            if place < BEN_TOO:
                ben.keyboard.press("a")
            if place == HUNDREDS * 3 // 4:
                anna.reload()
                expect(anna.locator(".tile[aria-selected=true]")).to_be_in_viewport()
        for page in (anna, ben):
            page.reload()  # what is on its way is sent again
            page.locator(".tile").first.wait_for()
            page.wait_for_load_state("networkidle")
        expect(anna.locator("#progress")).to_have_text(f"{HUNDREDS} of {HUNDREDS} judged by you")
        jobs, cursor = [], {}
        while cursor is not None:
            answer = keyed.http.get("/jobs", params={"reference": "hundreds", "limit": 100, **cursor}).json()
            jobs, cursor = jobs + answer["jobs"], {"cursor": answer["next"]} if answer["next"] else None
    said = [{review["by"]: review["decision"] for review in job["reviews"]} for job in jobs]
    ours = ["rejected" if place % 3 else "approved" for place in range(HUNDREDS)]
    bens = [{"ben (link)": "approved"}] * BEN_TOO + [{}] * (HUNDREDS - BEN_TOO)
    assert said == [{"anna (link)": one, **also} for one, also in zip(ours, bens, strict=True)]


def opened_by_link(keyed: Live, open_page: Open, name: str) -> Page:
    """The review page as somebody with a link opens it: all its results loaded, the first one chosen."""
    url = keyed.http.post("/review-links", json={"reference": "hundreds", "name": name}).json()["url"]
    page = open_page(keyed.url, url, viewport={"width": 800, "height": 500})
    expect(page.locator("#shared")).to_contain_text(f"Shared with {name} until")
    expect(page.locator(".tile")).not_to_have_count(0)
    while (count := page.locator(".tile").count()) < HUNDREDS:
        page.keyboard.press("End")
        expect(page.locator(".tile").nth(count)).to_be_attached()
    page.keyboard.press("Home")
    assert "link" not in page.url, "the token stays in no address"
    for hidden in ("Console", "API key", "Share…"):
        expect(page.get_by_text(hidden, exact=True)).to_be_hidden()
    return page


def copies(everything: Stack, first: str, owner: str, reference: str, count: int) -> None:
    """Let a job stand in the list of its reference `count` times, each with an id of its own."""
    with redis.Redis(unix_socket_path=str(everything.server.socket), db=2) as client:
        fields = client.hgetall(keys.JOB_KEY.format(id=first))
        order = zlib.decompress(fields[b"data"])
        ids = [new_job_id() for _ in range(count - 1)]
        with client.pipeline(transaction=False) as pipeline:
            for job in ids:
                copy = {**fields, b"data": zlib.compress(order.replace(first.encode(), job.encode(), 1))}
                pipeline.hset(keys.JOB_KEY.format(id=job), mapping=copy)
                pipeline.expire(keys.JOB_KEY.format(id=job), 600)
            pipeline.zadd(reference_key(owner, reference), dict.fromkeys(ids, 0))
            pipeline.execute()


def test_thousands_of_results_open_fast(site: Live, everything: Stack, open_page: Open) -> None:
    copies(everything, made(site, "many")["id"], LOCAL_OWNER, "many", MANY)
    page = open_page(site.url, "/review")
    page.wait_for_load_state("networkidle")
    began = time.monotonic()
    page.goto(f"{site.url}/review#reference=many")
    page.reload()
    page.locator(".tile canvas").first.wait_for()
    loaded(page)
    seconds = time.monotonic() - began
    print(f"first picture of {MANY} results after {seconds:.2f} s")
    assert seconds < 10, "ten times what it takes on two idle cores"
    assert page.locator(".tile").count() <= 24 + 100, "no more is read than what is about to be seen"
    names = page.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")
    assert sum("/images/" in name for name in names) < 40
    while (count := page.locator(".tile").count()) < MANY:
        page.keyboard.press("End")
        expect(page.locator(".tile").nth(count)).to_be_attached()
    expect(page.locator("#wall-end")).to_have_text(f"{MANY} results")
