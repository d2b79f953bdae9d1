"""Which engine a request gets that names none, on the cards that people own, and what it is told of why."""

import time

import pytest
import redis

from likeness.contract.catalogue import load_catalogue
from likeness.contract.residency import Residency
from likeness.queue import keys
from tests.service.conftest import Live, Stack, png
from tests.service.http.test_bad_input import assert_problem
from tests.service.jobs.test_customise import form

CATALOGUE = load_catalogue()
EDITORS = {"instruct-pix2pix", "flux2-klein", "qwen-image-edit"}
STRIPES = {"instruction": "give it yellow stripes"}
OPEN = {"instruction": "turn the dog into a cat"}


@pytest.fixture
def shop(serve) -> Live:
    """A service with the shipped catalogue."""
    return serve(catalogue=None)


def machine(stack: Stack, gigabytes: int) -> None:
    """Let the service see a worker of every pool, with so much memory, on which the editors are installed."""
    told = Residency(worker="w", device="cuda", engines=[], pools=CATALOGUE.pools, memory=gigabytes * 10**9)
    with redis.Redis(unix_socket_path=str(stack.server.socket), db=1) as client:
        client.sadd("rq:workers", "rq:worker:w")
        client.set(keys.RESIDENT_KEY.format(worker="w"), told.model_dump_json())
        client.zadd(keys.INSTALLED_KEY, dict.fromkeys(EDITORS, time.time()))


def chosen(shop: Live, fields: dict) -> tuple[str, str]:
    answer = form(shop, "/customise?dry_run=true", image=png(), **fields)
    assert answer.status_code == 200, answer.text
    (run,) = answer.json()["runs"]
    return run["engine"], run["why"]


@pytest.mark.parametrize(
    ("gigabytes", "stripes", "open_words"),
    [
        (72, "qwen-image-edit", "qwen-image-edit"),
        (22, "flux2-klein", "flux2-klein"),
        (8, "retouch", "instruct-pix2pix"),
    ],
)
def test_of_those_that_are_installed_the_best_that_fits_is_taken(
    shop: Live, stack: Stack, gigabytes: int, stripes: str, open_words: str
) -> None:
    machine(stack, gigabytes)
    assert chosen(shop, STRIPES)[0] == stripes
    assert chosen(shop, OPEN)[0] == open_words
    assert chosen(shop, {"instruction": "make it red"})[0] == "retouch", "exact edits stay exact on any machine"


def test_one_that_is_named_is_refused_and_not_replaced(shop: Live, stack: Stack) -> None:
    machine(stack, 22)
    answer = form(shop, "/customise", image=png(), engine="qwen-image-edit", **STRIPES)
    assert_problem(answer, 422, "does_not_fit", "#/engine")


def test_where_none_fits_the_answer_says_so(shop: Live, stack: Stack) -> None:
    machine(stack, 2)
    assert_problem(form(shop, "/customise", image=png(), **OPEN), 422, "does_not_fit", "#/engine")


def test_it_is_told_why(shop: Live, stack: Stack) -> None:
    machine(stack, 22)
    large = "(qwen-image-edit: needs 66.0 GB, and the largest worker has 22.0 GB for engines)"
    reasons = [
        (STRIPES, f"the best that can be used here for pattern {large}"),
        (OPEN, f"the best that can be used here for an instruction in free words {large}"),
        ({"instruction": "make it red"}, "the first choice for recolour"),
        ({"instruction": "make it red", "engine": "flux2-klein"}, "the request names it"),
    ]
    for fields, reason in reasons:
        assert chosen(shop, fields)[1] == reason
    reason = chosen(shop, {"instruction": "make it red", "negative_prompt": "blur"})[1]
    assert "(retouch, starter-edit, flux2-klein: does not take negative_prompt;" in reason


def test_the_list_of_engines_says_the_same(shop: Live, stack: Stack) -> None:
    machine(stack, 22)
    listed = shop.http.get("/engines").json()
    rows = {row["of"]: row for row in listed["preferences"]}
    assert rows["pattern"]["engines"] == ["qwen-image-edit", "flux2-klein", "retouch", "starter-edit"]
    assert (rows["pattern"]["engine"], rows["recolour"]["engine"]) == ("flux2-klein", "retouch")
    assert rows["pattern"]["why"] == chosen(shop, STRIPES)[1]
    klein = next(engine for engine in listed["engines"] if engine["name"] == "flux2-klein")
    assert {"instruction", "pattern", "material", "generate"} == set(klein["default_for"])
