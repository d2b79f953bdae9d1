"""`POST /customise`: what a key stands for, what is kept where a job is not accepted, and which engine it goes to."""

from hashlib import sha256
from pathlib import Path

import pytest

from likeness.contract.grammar import read
from tests.service.conftest import Live, Stack, png
from tests.service.http.test_bad_input import assert_problem
from tests.service.jobs.test_customise import LOGO, MASK, form, install, order


@pytest.fixture
def shop(serve) -> Live:
    """A service with the shipped catalogue and no worker."""
    return serve(catalogue=None)


def test_a_key_stands_for_all_pictures(shop: Live) -> None:
    first = form(shop, key="k", text="Hello", mask=MASK)
    assert form(shop, key="k", text="Hello", mask=MASK).json() == first.json()
    for parts in ({"mask": png(mode="L", colour=254)}, {"mask": "product"}, {"image": png(colour=9), "mask": MASK}):
        assert_problem(form(shop, key="k", text="Hello", **parts), 422, "idempotency_mismatch")
    assert form(shop, key="l", logo=LOGO).status_code == 202
    assert_problem(form(shop, key="l", logo=png((8, 8))), 422, "idempotency_mismatch")


def test_a_refused_job_leaves_no_picture(serve) -> None:
    full = serve(catalogue=None, max_queued=0)
    assert_problem(form(full, logo=LOGO, mask=MASK), 429, "queue_full")
    assert not full.pictures()


def test_a_store_that_fails_midway_keeps_nothing(shop: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second picture is in the way of nothing but itself: its key is a folder already."""
    monkeypatch.setattr("service.jobs.accept.new_job_id", lambda: "0" * 32)
    blocked: Path = shop.store / "jobs" / ("0" * 32) / sha256(MASK).hexdigest() / "in-the-way"
    blocked.mkdir(parents=True)
    answer = form(shop, key="k", text="Hello", mask=MASK)
    assert_problem(answer, 503, "store_unavailable")
    assert not shop.pictures()
    assert shop.http.get("/jobs").json()["jobs"] == []


def test_a_control_map_is_sent_like_a_mask(shop: Live, stack: Stack) -> None:
    wish = {"prompt": "a red shirt", "controls": '[{"kind": "canny"}]', "engine": "sd15-canny"}
    install(stack, "sd15-canny")
    answer = form(shop, control=MASK, **wish)
    assert answer.status_code == 202, answer.text
    sent = order(stack, answer.json()["id"])
    assert sent.engine == "sd15-canny" and set(sent.files) == {"control"}
    wrong = form(shop, control=png((8, 8)), **wish)
    assert_problem(wrong, 422, "invalid_picture", "#/control")


def test_what_no_closed_engine_follows_goes_to_an_open_one_that_is_installed(shop: Live, stack: Stack) -> None:
    wish = {"instruction": "turn it into a cat"}
    assert form(shop, **wish).json()["code"] == "instruction_not_understood"
    install(stack, "instruct-pix2pix")
    assert order(stack, form(shop, **wish).json()["id"]).engine == "instruct-pix2pix"
    assert order(stack, form(shop, instruction="make it red").json()["id"]).engine == "retouch"


def test_an_instruction_is_read_once_until_its_job_is_queued(shop: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr("likeness.contract.intents.read", lambda said: seen.append(said) or read(said))
    assert form(shop, instruction="make it red").status_code == 202
    assert seen == ["make it red"]
