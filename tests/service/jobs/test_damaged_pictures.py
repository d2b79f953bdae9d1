"""A picture whose header is right and whose pixels are not: found at the door, through whichever API it comes."""

import base64
import io
import struct
from collections.abc import Callable

import httpx
import numpy as np
import pytest
from PIL import Image

from likeness.imaging.formats import png as png_format
from service.jobs import pictures
from tests.service.conftest import Live, png
from tests.service.http.test_bad_input import assert_problem


def noise(format: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8)).save(file, format, **options)
    return file.getvalue()


def short_png() -> bytes:
    """Return a PNG of sound chunks whose pixels end in the middle."""
    whole = noise("PNG")
    start = whole.index(b"IDAT") - 4
    length = int.from_bytes(whole[start : start + 4], "big")
    body = whole[start + 8 : start + 8 + length // 2]
    return whole[:start] + png_format.chunk(b"IDAT", body) + png_format.chunk(b"IEND", b"")


def short_webp() -> bytes:
    """Return a WebP whose sizes agree and whose pixels end in the middle."""
    body = noise("WEBP")[20:]
    body = body[: len(body) // 4 * 2]
    chunk = b"VP8 " + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


DAMAGED = {
    "png whose pixels end early": short_png(),
    "webp whose pixels end early": short_webp(),
    "jpeg without its tables": noise("JPEG").replace(b"\xff\xdb", b"\xff\xec"),
}


def posted(live: Live, api: str, picture: bytes) -> httpx.Response:
    text = base64.b64encode(picture).decode()
    if api == "openai":
        return live.http.post("/v1/images/edits", files={"image": ("a", picture)})
    if api == "a1111":
        return live.http.post("/sdapi/v1/img2img", json={"init_images": [text]})
    if api == "replicate":
        return live.http.post("/v1/predictions", json={"version": "drill", "input": {"image": text}})
    return live.http.post(f"/{api}", files={"image": ("a", picture)})


@pytest.mark.parametrize("name", DAMAGED)
@pytest.mark.parametrize("api", ["recreate", "recreate?dry_run=true", "openai", "a1111", "replicate"])
def test_every_api_refuses_it_and_stores_nothing(idle: Live, api: str, name: str) -> None:
    answer = posted(idle, api, DAMAGED[name])
    assert answer.status_code in (400, 422) and "invalid_picture" in answer.text, answer.text
    assert not idle.pictures()


@pytest.mark.parametrize("field", ["mask", "logo", "style_image", "guide"])
def test_whatever_is_sent_with_it_is_looked_at_too(serve: Callable[..., Live], field: str) -> None:
    shop = serve(catalogue=None)
    files = {"image": ("a", png((128, 96))), field: ("b", short_png())}
    fields = {"instruction": "make it red"} if field == "mask" else {}
    answer = shop.http.post("/customise", files=files, data=fields)
    assert_problem(answer, 422, "invalid_picture", f"#/{field}")
    assert not shop.pictures()


def test_one_that_only_a_worker_finds_is_still_the_callers_fault(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "verify", lambda *_: None)  # as an older service, which looked at headers only
    answer = posted(live, "recreate", short_png())
    job = live.http.get(f"/jobs/{answer.json()['id']}?wait=30").json()
    assert (job["status"], job["error"]["code"], job["error"]["fault"]) == ("failed", "invalid_picture", "caller")
    for api, status in (("openai", 400), ("a1111", 422)):
        answer = posted(live, api, short_png())
        assert answer.status_code == status and "invalid_picture" in answer.text, answer.text
