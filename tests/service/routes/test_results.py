"""Images, reports and events of a finished job."""

import io
import json
import re
import time
from base64 import b64decode, b64encode
from hashlib import sha256

import httpx
import pytest
from PIL import Image

from likeness.contract.report import EditReport, FrameRow, Report, Score, Verdict
from service.routes.report_page import report_page
from tests.service.conftest import Live, encoded
from tests.service.http.test_bad_input import assert_problem


@pytest.fixture(scope="module")
def job(live: Live) -> dict:
    return live.finished(steps="3", strength="0.01", candidates="2", keep="all", seed="1")


@pytest.fixture(scope="module")
def url(job: dict) -> str:
    return job["result"]["images"][0]["url"]


@pytest.fixture(scope="module")
def whole(live: Live, url: str) -> httpx.Response:
    return live.http.get(url)


def test_an_image(live: Live, job: dict, whole: httpx.Response) -> None:
    image = job["result"]["images"][0]
    assert whole.status_code == 200 and whole.headers["content-type"] == "image/png"
    assert sha256(whole.content).hexdigest() == image["sha256"]
    assert whole.headers["etag"] == f'"{image["sha256"]}"'
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["content-length"] == str(len(whole.content))
    assert "private" in whole.headers["cache-control"] and "immutable" in whole.headers["cache-control"]
    assert whole.headers["content-disposition"] == f'inline; filename="{job["id"]}-0.png"'
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert Image.open(io.BytesIO(whole.content)).size == (32, 24)
    assert_problem(live.http.get(f"/jobs/{job['id']}/images/2"), 404, "image_not_found")
    assert image["matte"] is None and image["left_alone"] is None
    for number in (0, 2):
        assert_problem(live.http.get(f"/jobs/{job['id']}/images/{number}/matte"), 404, "image_not_found")


@pytest.mark.parametrize(
    ("mode", "size", "colour", "small"),
    [
        ("RGB", (600, 300), (200, 30, 40), (256, 128)),
        ("RGBA", (40, 30), (200, 30, 40, 255), (40, 30)),
        ("I;16", (64, 900), 0x8080, (18, 256)),
        ("L", (3000, 1), 128, (256, 1)),
    ],
)
def test_a_thumbnail(live: Live, mode: str, size: tuple[int, int], colour: object, small: tuple[int, int]) -> None:
    image = {"image": ("a.png", encoded("PNG", size, mode, colour))}
    data = {"steps": "1", "strength": "0.01"}
    job = live.http.post("/recreate", files=image, data=data, headers={"Prefer": "wait=30"}).json()
    url = f"{job['result']['images'][0]['url']}/thumbnail"
    answer = live.http.get(url)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    with Image.open(io.BytesIO(answer.content)) as found:
        middle = found.convert("RGB").getpixel((small[0] // 2, small[1] // 2))
        assert found.size == small
    wanted = colour[:3] if isinstance(colour, tuple) else (128, 128, 128)
    assert max(abs(one - other) for one, other in zip(middle, wanted, strict=True)) < 16
    assert live.http.get(url, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


@pytest.mark.parametrize(
    ("asked", "start", "end"), [("0-9", 0, 10), ("10-", 10, None), ("-5", -5, None), ("0-99999999", 0, None)]
)
def test_ranges(live: Live, url: str, whole: httpx.Response, asked: str, start: int, end: int | None) -> None:
    part = live.http.get(url, headers={"Range": f"bytes={asked}"})
    assert part.status_code == 206
    assert part.content == whole.content[start:end]
    first = range(len(whole.content))[start]
    assert part.headers["content-range"] == f"bytes {first}-{first + len(part.content) - 1}/{len(whole.content)}"


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "bytes=5-2", "bytes=-", "pixels=0-1", "bytes=a-b"])
def test_ranges_that_are_not_taken_get_the_whole(live: Live, url: str, whole: httpx.Response, asked: str) -> None:
    answer = live.http.get(url, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (200, whole.content)


@pytest.mark.parametrize("asked", ["bytes=999999999-", "bytes=-0"])
def test_ranges_outside(live: Live, url: str, whole: httpx.Response, asked: str) -> None:
    answer = live.http.get(url, headers={"Range": asked})
    assert_problem(answer, 416, "range_not_satisfiable")
    assert answer.headers["content-range"] == f"bytes */{len(whole.content)}"


def test_conditions(live: Live, url: str, whole: httpx.Response) -> None:
    etag = whole.headers["etag"]
    for tags in (etag, f'"other", {etag}', "*", f"W/{etag}"):
        answer = live.http.get(url, headers={"If-None-Match": tags})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    assert live.http.get(url, headers={"If-None-Match": '"other"'}).status_code == 200
    assert live.http.get(url, headers={"Range": "bytes=0-1", "If-Range": etag}).status_code == 206
    assert live.http.get(url, headers={"Range": "bytes=0-1", "If-Range": '"other"'}).status_code == 200


def test_head(live: Live, url: str, whole: httpx.Response) -> None:
    answer = live.http.head(url)
    assert (answer.status_code, answer.content) == (200, b"")
    for name in ("etag", "content-length", "content-type"):
        assert answer.headers[name] == whole.headers[name]


def test_the_report_as_json(live: Live, job: dict) -> None:
    for number, image in enumerate(job["result"]["images"]):
        answer = live.http.get(f"/jobs/{job['id']}/report", params={"image": number})
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == image["report"]
    answer = live.http.get(f"/jobs/{job['id']}/report", params={"image": 2})
    assert_problem(answer, 404, "image_not_found")


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        ("application/json", "application/json"),
        ("image/png", "image/png"),
        ("image/*", "image/png"),
        ("*/*", "application/json"),
        ("image/avif, image/png;q=0.8, application/json;q=0.5", "image/png"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8"),
        ("image/png;q=0.2, */*;q=0.1", "image/png"),
        ("application/json;q=0, */*", "image/png"),
    ],
)
def test_the_report_by_accept(live: Live, job: dict, accept: str, given: str) -> None:
    answer = live.http.get(f"/jobs/{job['id']}/report", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, given)
    assert "accept" in answer.headers["vary"].lower()
    if given == "image/png":
        assert Image.open(io.BytesIO(answer.content)).width > 600
    again = live.http.get(
        f"/jobs/{job['id']}/report", headers={"Accept": accept, "If-None-Match": answer.headers["etag"]}
    )
    assert again.status_code == 304


def test_a_report_in_no_type_asked_for(live: Live, job: dict) -> None:
    for accept in ("text/plain", "image/png;q=0, application/json;q=0", "image/webp"):
        answer = live.http.get(f"/jobs/{job['id']}/report", headers={"Accept": accept})
        assert_problem(answer, 406, "not_acceptable")


def test_the_card_of_a_rotated_photo(live: Live) -> None:
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 20), "red").save(file, "JPEG", exif=exif)
    answer = live.http.post("/recreate", files={"image": ("a.jpg", file.getvalue())}, headers={"Prefer": "wait=30"})
    assert answer.json()["status"] == "succeeded"
    card = live.http.get(f"{answer.json()['links']['self']}/report", headers={"Accept": "image/png"})
    assert card.status_code == 200


def test_the_page_is_one_file_that_runs_nothing(live: Live, job: dict) -> None:
    answer = live.http.get(f"/jobs/{job['id']}/report", headers={"Accept": "text/html"})
    policy, page = answer.headers["content-security-policy"], answer.text
    (style,) = re.findall("<style>(.*?)</style>", page, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:")
    assert "unsafe" not in policy and "<script" not in page
    assert not re.findall(r'(?:src|href)="(?!data:image/jpeg;base64,)', page)
    given, made = (Image.open(io.BytesIO(b64decode(data))) for data in re.findall('base64,([^"]+)', page))
    assert given.size == made.size == (32, 24)
    for said in ("Accepted", "frame equal; every threshold met", "psnr", "icc_profile", job["id"]):
        assert said in page


def test_what_a_report_says_cannot_become_markup() -> None:
    report = Report(
        frame=[FrameRow(name="mode", given="<b>", made="RGB", equal=False)],
        fidelity=[Score(name="ssim", value=None, unit="ratio", higher_is_better=True, reason="<script>")],
        edit=EditReport(asked="<img src=x>", colour=None, scores=[], happened=True),
        verdict=Verdict.REJECTED,
        reasons=["<i>"],
    )
    page = report_page("<title>", [("<p>", b"")], report)
    for told in ("<b>", "<script>", "<img src=x>", "<i>", "<p>", "<title><"):
        assert told not in page


def test_the_picture_that_was_given(live: Live) -> None:
    given = encoded("WEBP", (33, 21))
    answer = live.http.post("/recreate", files={"image": ("a.webp", given)}, headers={"Prefer": "wait=30"})
    job = answer.json()["id"]
    picture = live.http.get(f"/jobs/{job}/input")
    assert (picture.content, picture.headers["content-type"]) == (given, "image/webp")
    assert picture.headers["etag"] == f'"{sha256(given).hexdigest()}"'
    again = live.http.get(f"/jobs/{job}/input", headers={"If-None-Match": picture.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for path in (live.store / "jobs" / job).iterdir():
        path.unlink()
    assert_problem(live.http.get(f"/jobs/{job}/input"), 410, "job_expired")
    generated = live.http.post("/generate", json={"prompt": "x", "width": 64, "height": 64}).json()["id"]
    assert_problem(live.http.get(f"/jobs/{generated}/input"), 404, "image_not_found")
    assert_problem(live.http.get(f"/jobs/{'0' * 32}/input"), 404, "job_not_found")


def test_an_image_whose_bytes_are_gone(live: Live) -> None:
    job = live.finished()
    for path in (live.store / "jobs" / job["id"]).iterdir():
        path.unlink()
    answer = live.http.get(job["result"]["images"][0]["url"])
    assert_problem(answer, 410, "job_expired")
    assert "jobs/" + job["id"] + "/" not in answer.json()["detail"]
    card = live.http.get(f"{job['links']['self']}/report", headers={"Accept": "image/png"})
    assert_problem(card, 410, "job_expired")


def events_of(answer: httpx.Response) -> list[tuple[str, str, dict]]:
    found = []
    for block in answer.text.replace("\r\n", "\n").split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if lines:
            found.append((lines["id"], lines["event"], json.loads(lines["data"])))
    return found


def test_events(live: Live) -> None:
    accepted = live.http.post("/recreate", files={"image": ("a.jpg", encoded("JPEG"))}, data={"steps": "4"}).json()
    answer = live.http.get(accepted["links"]["events"])
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = events_of(answer)
    steps = [data["progress"]["step"] for _, kind, data in events if kind == "progress"]
    assert steps and steps == sorted(steps)
    statuses = [data["status"] for _, kind, data in events if kind == "status"]
    assert statuses[0] == "queued" and statuses[-1] == "succeeded" == events[-1][2]["status"]
    middle = events[len(events) // 2][0]
    rest = events_of(live.http.get(accepted["links"]["events"], headers={"Last-Event-ID": middle}))
    assert rest == events[len(events) // 2 + 1 :]
    last = live.http.get(accepted["links"]["events"], headers={"Last-Event-ID": events[-1][0]})
    assert (last.status_code, last.content) == (204, b"")


def test_events_arrive_while_the_job_runs(live: Live) -> None:
    fields = {"steps": "500", "strength": "0.2"}
    job = live.http.post("/recreate", files={"image": ("a.jpg", encoded("JPEG"))}, data=fields).json()
    seen = []
    with live.http.stream("GET", job["links"]["events"]) as answer:
        for line in answer.iter_lines():
            if line.startswith("data: "):
                seen.append(json.loads(line.removeprefix("data: ")))
            if len(seen) == 4:
                live.http.post(job["links"]["cancel"])
    assert seen[-1]["status"] == "cancelled" and seen[-1]["steps_done"] < 100


def test_a_reader_that_goes_gives_its_place_back(serve) -> None:
    live = serve(max_waiting=1)
    job = live.http.post("/recreate", files={"image": ("a.jpg", encoded("JPEG"))}).json()
    for _ in range(3):
        with live.http.stream("GET", job["links"]["events"]) as answer:
            assert answer.status_code == 200
            lines = answer.iter_lines()  # held, since httpx hangs up when it is dropped
            assert next(lines).startswith(":")
            assert_problem(live.http.get(job["links"]["events"]), 503, "unavailable")
        until = time.monotonic() + 5
        while (free := live.app.state.services.waiting.free) == 0 and time.monotonic() < until:
            time.sleep(0.02)
        assert free == 1


def test_a_last_event_id_of_nobody(live: Live, job: dict) -> None:
    for bad in ("x", "1-", "9" * 30 + "-0"):
        answer = live.http.get(job["links"]["events"], headers={"Last-Event-ID": bad})
        assert_problem(answer, 422, "invalid_field", "#/header/last-event-id")
