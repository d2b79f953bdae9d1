"""`POST /customise`: what is taken in either body, what is refused and where, and what is stored."""

import base64
import io
import json
import time
import zlib

import pytest
import redis
from PIL import Image

from likeness.contract.instructions import abilities
from likeness.contract.jobs import JobOrder
from likeness.queue import keys
from tests.service.conftest import Live, Stack, encoded, png
from tests.service.http.test_bad_input import assert_problem

MASK = png(mode="L", colour=255)
LOGO = png((8, 8), "RGBA", (200, 30, 40, 255))


def base(data: bytes) -> str:
    return base64.b64encode(data).decode()


def turned(size: tuple[int, int], orientation: int, mode: str = "RGB", format: str = "JPEG") -> bytes:
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new(mode, size).save(file, format, exif=exif)
    return file.getvalue()


@pytest.fixture
def shop(serve) -> Live:
    """A service with the shipped catalogue and no worker."""
    return serve(catalogue=None)


@pytest.fixture
def untouched(shop: Live):
    yield shop
    assert not shop.pictures()
    assert shop.http.get("/jobs").json()["jobs"] == []


def form(live: Live, path: str = "/customise", key: str | None = None, **parts: bytes | str):
    """Send parts as a form: bytes as files, text as text."""
    parts = {"image": png(), **parts}
    files = {name: (name, value) if isinstance(value, bytes) else (None, value) for name, value in parts.items()}
    return live.http.post(path, files=files, headers={"Idempotency-Key": key} if key else {})


def order(stack: Stack, job_id: str) -> JobOrder:
    with redis.Redis(unix_socket_path=str(stack.server.socket), db=1) as client:
        data = client.hget(f"rq:job:{job_id}", "data")
    return JobOrder.model_validate(json.loads(zlib.decompress(data))[2][0])  # as RQ keeps it


def install(stack: Stack, *engines: str) -> None:
    """Say, as a worker does, that one has these engines' models."""
    with redis.Redis(unix_socket_path=str(stack.server.socket), db=1) as client:
        client.zadd(keys.INSTALLED_KEY, dict.fromkeys(engines, time.time()))


FIELDS = {
    "text": "Just do it",
    "place": {"left": 0.25, "top": 0.25, "width": 0.5, "height": 0.2},
    "thresholds": {"change_outside": 2},
    "attempts": 3,
    "exact": True,
}


def test_a_form_and_json_are_the_same_job(shop: Live, stack: Stack) -> None:
    said = {name: value if isinstance(value, str) else json.dumps(value) for name, value in FIELDS.items()}
    one = form(shop, mask=MASK, **said)
    other = shop.http.post("/customise", json={"image": base(png()), "mask": base(MASK), **FIELDS})
    assert (one.status_code, other.status_code) == (202, 202), (one.text, other.text)
    assert one.json()["kind"] == "customise"
    orders = [order(stack, answer.json()["id"]) for answer in (one, other)]
    assert orders[0].task == orders[1].task and orders[0].engine == "retouch"
    assert orders[0].task.mask == "file" and orders[0].task.place.width == 0.5
    assert orders[0].input.sha256 == orders[1].input.sha256
    assert set(orders[0].files) == {"mask"}
    assert orders[0].files["mask"].sha256 == orders[1].files["mask"].sha256


def test_every_picture_is_stored_under_its_job(shop: Live, stack: Stack) -> None:
    answer = form(shop, logo=LOGO, mask=MASK)
    assert answer.status_code == 202, answer.text
    accepted = order(stack, answer.json()["id"])
    pictures = [accepted.input, accepted.files["mask"], accepted.files["logo"]]
    assert {shop.store / picture.key for picture in pictures} == shop.pictures()
    assert accepted.task.logo == "file"
    shop.http.delete(answer.json()["links"]["self"])
    assert not shop.pictures()


@pytest.mark.parametrize(
    ("fields", "engine"),
    [
        ({"instruction": "make it orange"}, "retouch"),
        ({"instruction": "add the text Just do it"}, "retouch"),
        ({"instruction": "make it larger"}, "retouch"),
        ({"recolour": {"to": "#1F4E79"}}, "retouch"),
        ({"recolour": {"to": "#1F4E79"}, "guidance_scale": 2}, "starter-edit"),
        ({"text": "Just do it", "strength": 0.3}, "starter"),
        ({"instruction": "put it on a white background", "shadow": "keep", "candidates": 3, "seed": 7}, "retouch"),
        ({"prompt": "a red shoe", "mask": "background"}, "starter-inpaint"),
        ({"instruction": "make it denim", "preserve": "background"}, "starter-edit"),
        ({"prompt": "a red shoe", "controls": [{"kind": "canny"}]}, "starter-control"),
    ],
)
def test_each_wish_goes_to_its_engine(shop: Live, stack: Stack, fields: dict, engine: str) -> None:
    said = {name: value if isinstance(value, str) else json.dumps(value) for name, value in fields.items()}
    for answer in (form(shop, **said), shop.http.post("/customise", json={"image": base(png()), **fields})):
        assert answer.status_code == 202, answer.text
        assert order(stack, answer.json()["id"]).engine == engine


def test_the_other_spelling_is_the_same_call(shop: Live) -> None:
    first = form(shop, key="k", instruction="make it red")
    again = form(shop, "/customize", key="k", instruction="make it red")
    assert (again.status_code, again.json()) == (202, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert_problem(shop.http.post("/customize?x=1"), 422, "invalid_field", "#/x")


def test_an_empty_text_says_nothing_in_a_form_and_too_little_in_json(untouched: Live) -> None:
    assert_problem(form(untouched, instruction=""), 422, "invalid_field", "#/")
    answer = untouched.http.post("/customise", json={"image": base(png()), "instruction": ""})
    assert_problem(answer, 422, "invalid_field", "#/instruction")


@pytest.mark.parametrize(
    ("fields", "pointer", "said"),
    [
        ({}, "#/", "given: nothing"),
        ({"instruction": "make it red", "text": "Hello"}, "#/", "given: instruction and text"),
        ({"prompt": "a shoe"}, "#/", "a prompt needs a mask"),
        ({"instruction": "make it red", "colour": "red"}, "#/colour", "not a field"),
        ({"complete": 0.95}, "#/complete", "less than"),
        ({"complete": 0.5, "mask": "product"}, "#/", "itself defines what is kept"),
        ({"complete": 0.5, "prompt": "a shirt"}, "#/", "given: complete and prompt"),
        ({"recolour": {"to": "blue"}}, "#/recolour/to", "#[0-9A-Fa-f]"),
        ({"recolour": {"to": "#1F4E7"}}, "#/recolour/to", "#[0-9A-Fa-f]"),
        ({"recolour": {"to": "#1F4E79", "mask": "file"}}, "#/recolour/mask", "'product' or 'background'"),
        ({"text": "Hello", "text_colour": "red"}, "#/text_colour", "#[0-9A-Fa-f]"),
        (
            {"text": "Hello", "place": {"left": 0.5, "top": 0, "width": 0.6, "height": 0.1}},
            "#/place",
            "the box extends beyond the edge of the image",
        ),
        ({"prompt": "a shoe", "controls": [{"kind": "pose"}]}, "#/controls/0/kind", "'canny', 'soft_edge'"),
        ({"prompt": "a shoe", "controls": {"kind": "canny"}}, "#/controls", "array"),
        ({"instruction": "make it red", "mask": "product", "preserve": "product"}, "#/", "nothing could change"),
        ({"recolour": {"to": "#1F4E79"}, "preserve": "product"}, "#/", "which preserve keeps: leave preserve out"),
        ({"recolour": {"to": "#1F4E79"}, "mask": "background"}, "#/", '"mask": "background"}, and leave mask out'),
        ({"text": "   "}, "#/text", "the text is blank"),
        ({"text": "Café €5"}, "#/text", "lacks these characters: é€"),
        ({"instruction": "add the text 日本"}, "#/instruction", "lacks these characters: 日本"),
        ({"instruction": "make it larger", "preserve": "product"}, "#/preserve", "that is resized cannot be protected"),
        ({"instruction": "make it red", "mask": "file"}, "#/mask", "as a file"),
        ({"instruction": "make it red", "thresholds": {"ssim": 7}}, "#/thresholds/ssim", "less than"),
        ({"instruction": "make it red", "engine": "starter"}, "#/engine", "does not customise by instruction"),
        ({"instruction": "make it red", "strength": 0.5}, "#/strength", "does not support it"),
    ],
)
def test_fields(untouched: Live, fields: dict, pointer: str, said: str) -> None:
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in fields.items()}
    for answer in (form(untouched, **texts), untouched.http.post("/customise", json={"image": base(png()), **fields})):
        assert_problem(answer, 422, "invalid_field", pointer)
        assert said in answer.json()["detail"]
        assert "Value error" not in answer.text


def test_parts_and_pictures_that_are_none(untouched: Live) -> None:
    for parts, pointer in [
        ({"mask": "somewhere"}, "#/mask"),
        ({"logo": "file"}, "#/logo"),
        ({"logo": base(LOGO)}, "#/logo"),
        ({"style": LOGO}, "#/style"),
        ({"controls": "canny"}, "#/controls"),
        ({"recolour": "{"}, "#/recolour"),
    ]:
        assert_problem(form(untouched, instruction="make it red", **parts), 422, "invalid_field", pointer)
    for fields, pointer in [
        ({"mask": 7}, "#/mask"),
        ({"mask": ""}, "#/mask"),
        ({"mask": "no base64!"}, "#/mask"),
        ({"logo": "file"}, "#/logo"),
        ({"logo": {}}, "#/logo"),
        ({"image": 7}, "#/image"),
    ]:
        body = {"image": base(png()), **({} if "logo" in fields else {"instruction": "make it red"}), **fields}
        assert_problem(untouched.http.post("/customise", json=body), 422, "invalid_field", pointer)


@pytest.mark.parametrize("name", ["image", "mask", "logo"])
def test_every_picture_is_looked_at_before_any_is_stored(untouched: Live, name: str) -> None:
    parts = {"image": png(), "mask": MASK, "logo": LOGO}
    for data, code in [
        (b"no picture", "invalid_picture"),
        (b"", "invalid_picture"),
        (encoded("GIF"), "unsupported_format"),
        (png((17_000, 1)), "picture_too_large"),
    ]:
        answer = form(untouched, **{**parts, name: data})
        assert_problem(answer, 422, code, f"#/{name}")
        assert answer.json()["detail"].startswith(f"{name}: ")
    said = {other: base(data) for other, data in parts.items()}
    for url in ("http://example.com/a.png", "https://127.0.0.1/a.png"):
        answer = untouched.http.post("/customise", json={**said, name: url})
        assert_problem(answer, 422, "url_not_allowed", f"#/{name}")


def test_each_picture_may_be_as_large_as_the_bound(serve) -> None:
    live = serve(catalogue=None, max_upload_bytes=200_000)
    large = encoded("BMP", (250, 200))  # 150 kB, looked at as a picture only after the bounds
    answer = form(live, image=large, mask=large, logo=large)
    assert_problem(answer, 422, "unsupported_format", "#/image")
    huge = encoded("BMP", (300, 250))
    assert_problem(form(live, logo=huge, mask=MASK), 413, "upload_too_large", "#/logo")
    said = {"image": base(png()), "logo": base(huge)}
    assert_problem(live.http.post("/customise", json=said), 413, "upload_too_large", "#/logo")
    assert_problem(form(live, image=huge, mask=huge, logo=huge), 413, "upload_too_large", "#/image")
    assert_problem(form(live, "/recreate", image=huge * 2), 413, "upload_too_large", "#/image")
    assert not live.pictures()


def test_a_mask_of_another_size(untouched: Live) -> None:
    answer = form(untouched, instruction="make it red", mask=png((24, 32), "L"))
    assert_problem(answer, 422, "invalid_picture", "#/mask")
    assert "24 x 32 px, but the image is 32 x 24 px" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("mask", "taken"),
    [
        (png((40, 20), "L"), True),
        (png((20, 40), "L"), True),
        (turned((40, 20), 6, "L", "PNG"), True),
        (turned((40, 20), 8, "L", "PNG"), True),
        (turned((20, 40), 6, "L", "PNG"), False),
        (png((40, 21), "L"), False),
    ],
)
def test_a_mask_lies_as_its_picture_or_as_its_own_exif_says(shop: Live, mask: bytes, taken: bool) -> None:
    answer = form(shop, image=turned((40, 20), 6), instruction="make it red", mask=mask)
    if taken:
        assert answer.status_code == 202, answer.text
    else:
        assert_problem(answer, 422, "invalid_picture", "#/mask")
        assert "the image is 20 x 40 px (both upright)" in answer.json()["detail"]


def test_a_lock_needs_an_exact_format(shop: Live) -> None:
    photo = encoded("JPEG")
    for parts in ({"image": photo, "format": "same"}, {"format": "jpeg"}, {"image": photo, "format": "webp"}):
        answer = form(shop, instruction="make it red", mask="product", **parts)
        assert_problem(answer, 422, "invalid_field", "#/format")
        assert "take png, or omit format" in answer.json()["detail"]
    cmyk = form(shop, image=encoded("JPEG", mode="CMYK"), text="Hello")
    assert_problem(cmyk, 422, "invalid_field", "#/image")
    assert not shop.pictures()
    assert form(shop, image=photo, instruction="make it red", mask="product").status_code == 202
    assert form(shop, image=photo, instruction="make it red", mask="product", format="png").status_code == 202
    assert form(shop, image=photo, instruction="make it red", format="same").status_code == 202


def test_an_instruction_that_is_not_understood_lists_what_can_be_asked(untouched: Live) -> None:
    for instruction in ("make it sparkling", "make it red and blue", "turn the dog into a cat"):
        answer = form(untouched, instruction=instruction)
        assert_problem(answer, 422, "instruction_not_understood", "#/instruction")
        said = [error["detail"] for error in answer.json()["errors"]]
        assert len(said) == len(abilities()) and any("make it orange" in line and "mustard" in line for line in said)


def test_a_service_whose_engines_do_not_customise(idle: Live) -> None:
    assert_problem(form(idle, instruction="make it red"), 422, "unknown_engine", "#/engine")
    assert_problem(form(idle, instruction="make it red", engine="drill"), 422, "invalid_field", "#/engine")


def test_an_engine_that_no_worker_has_is_refused(untouched: Live) -> None:
    answer = form(untouched, instruction="turn it into a cat", engine="instruct-pix2pix")
    assert_problem(answer, 422, "engine_not_installed", "#/engine")
    assert "likeness models pull instruct-pix2pix" in answer.json()["detail"]
