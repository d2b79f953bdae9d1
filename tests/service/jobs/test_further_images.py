"""Further images beside the one that is edited: taken in either body, stored, and refused where they do nothing."""

import json

import pytest

from tests.service.conftest import Live, Stack, encoded, png
from tests.service.http.test_bad_input import assert_problem
from tests.service.jobs.test_choice import machine, shop
from tests.service.jobs.test_customise import base, form, order

__all__ = ["shop"]
SCENE, STYLE = png((40, 20)), encoded("JPEG")
WORDS = {"instruction": "put it into the room of image 2"}


def sent(live: Live, *images: bytes, **fields: str):
    """Send a form with the part `images` once for each of these."""
    parts = [("image", ("image.png", png())), *(("images", ("further", image)) for image in images)]
    return live.http.post("/customise", files=parts, data=fields)


def test_both_bodies_give_the_same_job(shop: Live, stack: Stack) -> None:
    machine(stack, 22)
    answers = [
        sent(shop, SCENE, STYLE, **WORDS),
        shop.http.post("/customise", json={"image": base(png()), "images": [base(SCENE), base(STYLE)], **WORDS}),
    ]
    assert [answer.status_code for answer in answers] == [202, 202], [answer.text for answer in answers]
    one, other = (order(stack, answer.json()["id"]) for answer in answers)
    assert one.task == other.task and one.task.images == ["file", "file"]
    assert one.engine == "flux2-klein" and list(one.files) == ["image_2", "image_3"]
    assert [file.media_type for file in one.files.values()] == ["image/png", "image/jpeg"]
    assert one.files["image_2"].sha256 == other.files["image_2"].sha256
    assert one.batch_key.startswith("flux2-klein:alone-"), "images of any size share no run"


def test_an_edit_that_arithmetic_makes_goes_to_an_engine_that_looks_at_them(shop: Live, stack: Stack) -> None:
    machine(stack, 22)
    answer = sent(shop, SCENE, instruction="make it red")
    assert order(stack, answer.json()["id"]).engine == "flux2-klein"
    several = sent(shop, SCENE, instruction="make it red and warmer")
    assert order(stack, several.json()["id"]).engine == "flux2-klein", "one instruction, and no list of edits"


@pytest.mark.parametrize("engine", ["retouch", "instruct-pix2pix", "qwen-image-edit"])
def test_an_engine_that_takes_none_says_so_by_name(shop: Live, stack: Stack, engine: str) -> None:
    machine(stack, 72)
    answer = sent(shop, SCENE, engine=engine, instruction="make it red")
    assert_problem(answer, 422, "invalid_field", "#/images")
    assert f"the engine {engine} takes none" in answer.json()["detail"]


def test_what_is_wrong_with_them_is_said_of_the_one(shop: Live, stack: Stack) -> None:
    machine(stack, 22)
    assert_problem(sent(shop, SCENE, b"no picture", **WORDS), 422, "invalid_picture", "#/images/1")
    assert_problem(sent(shop, *[SCENE] * 4, **WORDS), 422, "invalid_field", "#/images")
    assert_problem(sent(shop, SCENE, text="SALE"), 422, "invalid_field", "#/")
    edits = json.dumps([{"instruction": "make it red"}])
    assert_problem(sent(shop, SCENE, edits=edits), 422, "invalid_field", "#/images")
    for wrong in ("x", [3], [{"job": "j", "image": 0}]):
        body = {"image": base(png()), "images": wrong, **WORDS}
        assert_problem(shop.http.post("/customise", json=body), 422, "invalid_field", "#/images")
    assert_problem(form(shop, image=png(), images="file", **WORDS), 422, "invalid_field", "#/images")
