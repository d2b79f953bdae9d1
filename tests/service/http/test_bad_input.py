"""Whatever is wrong with a request: a 4xx problem that names the field, soon, with nothing stored."""

import base64
import gzip
import io
import json
import struct
import time
import zlib

import httpx
import pytest
from PIL import Image

from likeness.contract.jobs import first_job_id
from tests.service.conftest import Live, encoded, png

URI = "data:image/png;base64," + base64.b64encode(png()).decode()


def header_only(width: int, height: int) -> bytes:
    """Return a PNG that says a size and holds next to nothing."""
    data = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", data), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    packed = [struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def animated(format: str) -> bytes:
    file = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), (shade, 0, 0)) for shade in (0, 200)]
    frames[0].save(file, format, save_all=True, append_images=frames[1:])
    return file.getvalue()


PICTURES = {
    "truncated": (png((200, 200))[:60], "invalid_picture"),
    "zero bytes": (b"", "invalid_picture"),
    "not an image": (b"hello, I am text", "invalid_picture"),
    "a bomb": (header_only(15_000, 15_000), "picture_too_large"),
    "60,000 x 1": (header_only(60_000, 1), "picture_too_large"),
    "animated GIF": (animated("GIF"), "unsupported_format"),
    "animated WebP": (animated("WEBP"), "animated_picture"),
}


def assert_problem(answer: httpx.Response, status: int, code: str, pointer: str | None = None) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    problem = answer.json()
    assert (problem["code"], problem["status"]) == (code, status), problem
    assert problem["type"].endswith(code) and problem["title"] and problem["detail"] and problem["instance"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    if pointer is not None:
        assert pointer in [error["pointer"] for error in problem["errors"]], problem


@pytest.fixture
def untouched(idle: Live):
    """A service that must answer before anything runs out of time, store nothing and queue nothing."""
    idle.http.get("/healthz")
    started = time.monotonic()
    yield idle
    assert time.monotonic() - started < 10
    assert not idle.pictures()
    assert idle.http.get("/jobs").json()["jobs"] == []


@pytest.mark.parametrize("name", PICTURES)
def test_pictures(untouched: Live, name: str) -> None:
    data, code = PICTURES[name]
    answer = untouched.http.post("/recreate", files={"image": ("picture", data)})
    assert_problem(answer, 422, code, "#/image")


@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_truncated_pictures(untouched: Live, format: str, part: float) -> None:
    file = io.BytesIO()
    Image.effect_noise((128, 128), 60).convert("RGB").save(file, format)
    data = file.getvalue()[: int(file.tell() * part)]
    answer = untouched.http.post("/recreate", files={"image": ("picture", data)})
    assert_problem(answer, 422, "invalid_picture", "#/image")


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("photo.png", None), ("photo.txt", None), ("photo.webp", "image/jpeg"), ("photo", "image/png")],
)
def test_wrong_extension_or_type(untouched: Live, name: str, media_type: str | None) -> None:
    answer = untouched.http.post("/recreate", files={"image": (name, encoded("JPEG"), media_type)})
    assert_problem(answer, 422, "invalid_picture", "#/image")


def test_other_names_of_the_right_type(idle: Live) -> None:
    for name, media_type in [("a.JPG", "image/jpg"), ("a.jfif", "image/pjpeg"), ("a.1", "application/octet-stream")]:
        answer = idle.http.post("/recreate", files={"image": (name, encoded("JPEG"), media_type)})
        assert answer.status_code == 202, answer.text


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("steps", "nan"),
        ("steps", "1e400"),
        ("steps", "9" * 5000),
        ("steps", "1_0"),
        ("steps", "3.5"),
        ("steps", "0"),
        ("strength", "NaN"),
        ("strength", "Infinity"),
        ("strength", "true"),
        ("exact", "yes"),
        ("seed", "-1"),
        ("seed", str(2**32)),
        ("candidates", "9"),
        ("prompt", "x" * 10_000),
        ("format", "gif"),
        ("keep", "some"),
        ("colour", "red"),
        ("thresholds", "{"),
    ],
)
def test_form_fields(untouched: Live, field: str, text: str) -> None:
    answer = untouched.http.post("/recreate", files={"image": ("a.png", png())}, data={field: text})
    assert_problem(answer, 422, "invalid_field", f"#/{field}")


def test_a_nested_field_is_named(untouched: Live) -> None:
    answer = untouched.http.post("/recreate", files={"image": ("a", png())}, data={"thresholds": '{"ssim": 7}'})
    assert_problem(answer, 422, "invalid_field", "#/thresholds/ssim")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (f'{{"image": "{URI}", "steps": NaN}}', "#/steps"),
        (f'{{"image": "{URI}", "steps": 1e999}}', "#/steps"),
        (f'{{"image": "{URI}", "steps": {"9" * 5000}}}', "#/steps"),
        (f'{{"image": "{URI}", "steps": true}}', "#/steps"),
        (f'{{"image": "{URI}", "steps": "3"}}', "#/steps"),
        (f'{{"image": "{URI}", "steps": 3, "steps": 4}}', "#/steps"),
        (f'{{"image": "{URI}", "a/b~c": 1}}', "#/a~1b~0c"),
        (f'{{"image": "{URI}", "prompt": "\\ud800"}}', None),
        ('{"image": "' + URI + '", "thresholds": ' + "[" * 100_000 + "]" * 100_000 + "}", "#/"),
        (f'{{"image": "{URI}", "thresholds": [{{"x": [NaN]}}]}}', "#/thresholds/0/x/0"),
        ("[1]", "#/"),
        ("{", "#/"),
        (b'{"image": "\xff"}', "#/"),
        ("{}", "#/image"),
        ('{"image": null}', "#/image"),
        ('{"image": "no base64!"}', "#/image"),
        ('{"image": "data:image/png,abc"}', "#/image"),
        ("", "#/"),
    ],
)
def test_json_bodies(untouched: Live, body: str | bytes, pointer: str | None) -> None:
    answer = untouched.http.post("/recreate", content=body, headers={"Content-Type": "application/json"})
    assert_problem(answer, 422, "invalid_field", pointer)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/a.png",
        "ftp://example.com/a.png",
        "file:///etc/passwd",
        "https://127.0.0.1/a.png",
        "https://[::1]/a.png",
        "https://[::ffff:10.0.0.1]/a.png",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/a.png",
        "https://localhost/a.png",
        "https://2130706433/a.png",
        "https://user:secret@example.com/a.png",
        "https://example.com:8443/a.png",
        "https://" + "a" * 3000,
    ],
)
def test_urls(untouched: Live, url: str) -> None:
    answer = untouched.http.post("/recreate", json={"image": url})
    assert_problem(answer, 422, "url_not_allowed", "#/image")


def test_unknown_engine(untouched: Live) -> None:
    answer = untouched.http.post("/recreate", json={"image": URI, "engine": "no-such"})
    assert_problem(answer, 422, "unknown_engine", "#/engine")


def test_a_parameter_the_engine_does_not_take(untouched: Live) -> None:
    answer = untouched.http.post("/recreate", json={"image": URI, "negative_prompt": "blur"})
    assert_problem(answer, 422, "invalid_field", "#/negative_prompt")


def test_a_format_that_cannot_hold_the_frame(untouched: Live) -> None:
    answer = untouched.http.post("/recreate", files={"image": ("a", png(mode="RGBA"))}, data={"format": "jpeg"})
    assert_problem(answer, 422, "invalid_field", "#/format")


def test_parts(untouched: Live) -> None:
    two = [("image", ("a.png", png())), ("image", ("b.png", png()))]
    other = [("image", ("a.png", png())), ("mask", ("b.png", png()))]
    for files, data, pointer in [
        (two, None, "#/image"),
        (other, None, "#/mask"),
        ([("image", (None, "text"))], None, "#/image"),
        ([("steps", (None, "1"))], None, "#/image"),
        ([("image", ("a.png", png()))], {"steps": ["1", "2"]}, "#/steps"),
    ]:
        answer = untouched.http.post("/recreate", files=files, data=data)
        assert_problem(answer, 422, "invalid_field", pointer)


def test_content_types(untouched: Live) -> None:
    for media_type in ("text/plain", "", "application/x-www-form-urlencoded", "application/json; charset=utf-16"):
        answer = untouched.http.post("/recreate", content=b"{}", headers={"Content-Type": media_type})
        assert_problem(answer, 415, "unsupported_media_type", "#/header/content-type")
    answer = untouched.http.post("/recreate", content=b"x", headers={"Content-Type": "multipart/form-data"})
    assert_problem(answer, 422, "invalid_field", "#/")


@pytest.mark.parametrize("path", ["/recreate", "/v1/images/edits", "/sdapi/v1/img2img", "/v1/predictions"])
def test_a_compressed_body(untouched: Live, path: str) -> None:
    body = gzip.compress(json.dumps({"image": URI}).encode())
    answer = untouched.http.post(
        path, content=body, headers={"Content-Type": "application/json", "Content-Encoding": "gzip"}
    )
    assert answer.status_code == 415 and "Content-Encoding: none is taken" in answer.text
    if path == "/recreate":
        assert_problem(answer, 415, "unsupported_media_type", "#/header/content-encoding")


def test_query_parameters(untouched: Live) -> None:
    job = f"/jobs/{first_job_id(0)}{'0' * 20}"
    for path, pointer in [
        ("/jobs?colour=red", "#/colour"),
        ("/jobs?limit=1&limit=2", "#/limit"),
        ("/jobs?limit=0", "#/limit"),
        ("/jobs?cursor=x", "#/cursor"),
        (f"{job}?wait=61", "#/wait"),
        (f"{job}?wait=nan", "#/wait"),
        (f"{job}/report?image=-1", "#/image"),
        ("/engines?all=1", "#/all"),
    ]:
        assert_problem(untouched.http.get(path), 422, "invalid_field", pointer)


def test_headers(untouched: Live) -> None:
    answer = untouched.http.post("/recreate", json={"image": URI}, headers={"Idempotency-Key": "k" * 256})
    assert_problem(answer, 422, "invalid_field", "#/header/idempotency-key")


def test_addresses_that_are_none(untouched: Live) -> None:
    assert_problem(untouched.http.get("/nothing"), 404, "no_such_route")
    answer = untouched.http.put("/jobs")
    assert_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD"
    answer = untouched.http.post(f"/jobs/{'0' * 32}")
    assert_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "DELETE, GET, HEAD"
    assert_problem(untouched.http.get("/jobs/not-an-id"), 404, "job_not_found")
    assert_problem(untouched.http.get(f"/jobs/{'0' * 32}"), 404, "job_not_found")
    assert_problem(untouched.http.get(f"/jobs/{'0' * 32}/images/x"), 404, "image_not_found")


def test_an_upload_of_41_mb(untouched: Live) -> None:
    answer = untouched.http.post("/recreate", files={"image": ("a.png", bytes(41_000_000))})
    assert_problem(answer, 413, "upload_too_large", "#/image")
    text = base64.b64encode(bytes(41_000_000)).decode()
    assert_problem(untouched.http.post("/recreate", json={"image": text}), 413, "upload_too_large", "#/image")
