"""Saved recipes: checked when they are saved, under the fields of the calls that name them, and each owner's own."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.auth.keys import create_key
from service.queue.recipes import MOST_RECIPES
from tests.service.conftest import Live, png
from tests.service.http.test_bad_input import URI, assert_problem


def save(live: Live, name: str, kind: str, **fields: Any) -> httpx.Response:
    return live.http.put(f"/recipes/{name}", json={"kind": kind, "fields": fields})


@pytest.fixture
def shop(serve: Callable[..., Live]) -> Live:
    """A service with the shipped catalogue, without a worker."""
    return serve(catalogue=None)


def test_a_recipe_is_saved_read_replaced_listed_and_deleted(shop: Live) -> None:
    first = save(shop, "navy", "customise", recolour={"to": "#1F4E79"}, mask=None)
    view = {"name": "navy", "kind": "customise", "fields": {"recolour": {"to": "#1F4E79"}}}
    assert (first.status_code, first.json()) == (201, view)
    assert shop.http.get("/recipes/navy").json() == view
    assert save(shop, "navy", "customise", recolour={"to": "#000000"}).status_code == 200
    assert save(shop, "amazon", "packshot", preset="amazon-main").status_code == 201
    assert [one["name"] for one in shop.http.get("/recipes").json()["recipes"]] == ["amazon", "navy"]
    assert shop.http.delete("/recipes/navy").status_code == 204
    for method in ("GET", "DELETE"):
        assert_problem(shop.http.request(method, "/recipes/navy"), 404, "recipe_not_found")


def test_a_call_has_the_fields_of_its_recipe_and_its_own_take_precedence(shop: Live) -> None:
    save(shop, "navy", "customise", recolour={"to": "#1F4E79"}, attempts=2, metadata={"line": "basics"})
    job = shop.http.post("/customise", json={"image": URI, "recipe": "navy", "reference": "SKU-1"}).json()
    shown = shop.http.get(job["links"]["self"]).json()
    assert (shown["asked"], shown["metadata"]) == ("recolour the product to #1F4E79", {"line": "basics"})
    assert shown["recipe"] == "navy"
    save(shop, "navy", "customise", recolour={"to": "#000000"})
    assert shop.http.get(job["links"]["self"]).json()["recipe"] == "navy", "the name stays with the job"
    assert [one["recipe"] for one in shop.http.get("/jobs?reference=SKU-1").json()["jobs"]] == ["navy"]
    files = {"image": ("a.png", png())}
    own = {"recipe": "navy", "recolour": json.dumps({"to": "#AA0000"})}
    job = shop.http.post("/customise", files=files, data=own).json()
    assert shop.http.get(job["links"]["self"]).json()["asked"] == "recolour the product to #AA0000"


def test_a_file_of_the_call_takes_precedence_over_a_word_of_the_recipe(shop: Live) -> None:
    save(shop, "product-only", "customise", instruction="make it red", mask="product")
    files = {"image": ("a.png", png()), "mask": ("m.png", png(mode="L", colour=255))}
    answer = shop.http.post("/customise", files=files, data={"recipe": "product-only"})
    assert answer.status_code == 202, answer.text


def test_a_dry_run_takes_recipes(shop: Live) -> None:
    save(shop, "red", "customise", instruction="make it red")
    answer = shop.http.post("/customise?dry_run=true", json={"image": URI, "recipe": "red"})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("customise", {"mask": "product", "attempts": 3}),
        ("customise", {"prompt": "a beach"}),
        ("customise", {"edits": [{"logo": "file"}, {"packshot": {"background": "file"}}]}),
        ("compare", {"task": {"kind": "recreate"}}),
        ("compare", {"runs": [{"engine": "starter"}]}),
        ("check", {"made_by_ai": True}),
        ("recreate", {}),
    ],
)
def test_a_recipe_may_be_a_part_of_a_call(shop: Live, kind: str, fields: dict[str, Any]) -> None:
    answer = save(shop, "part", kind, **fields)
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    ("kind", "fields", "code", "pointer"),
    [
        ("customise", {"attempts": 99}, "invalid_field", "#/fields/attempts"),
        ("customise", {"colour": "red"}, "invalid_field", "#/fields/colour"),
        ("customise", {"recolour": {"to": "red"}}, "invalid_field", "#/fields/recolour/to"),
        ("customise", {"text": "A", "instruction": "make it red"}, "invalid_field", None),
        ("customise", {"instruction": "make it sparkling"}, "instruction_not_understood", "#/fields/instruction"),
        ("customise", {"mask": "file"}, "invalid_field", "#/fields/mask"),
        ("customise", {"reference": "SKU-1"}, "invalid_field", "#/fields/reference"),
        ("customise", {"recipe": "other"}, "invalid_field", "#/fields/recipe"),
        ("recreate", {"image": URI}, "invalid_field", "#/fields/image"),
        ("recreate", {"engine": "nobody"}, "unknown_engine", "#/fields/engine"),
        ("customise", {"engine": "nobody", "mask": "product"}, "unknown_engine", "#/fields/engine"),
        ("packshot", {"preset": "nowhere"}, "invalid_field", "#/fields/preset"),
        ("recreate", {"metadata": {"a": "x" * 201}}, "invalid_field", None),
    ],
)
def test_a_recipe_that_is_wrong_is_named_when_it_is_saved(
    shop: Live, kind: str, fields: dict[str, Any], code: str, pointer: str | None
) -> None:
    assert_problem(save(shop, "wrong", kind, **fields), 422, code, pointer)
    assert_problem(shop.http.get("/recipes/wrong"), 404, "recipe_not_found")


@pytest.mark.parametrize("fields", [{"mask": "product"}, {"prompt": "a cat", "strength": 0.5}])
def test_a_recipe_for_an_engine_that_no_worker_has_is_refused(shop: Live, fields: dict[str, Any]) -> None:
    answer = save(shop, "cat", "customise", engine="instruct-pix2pix", **fields)
    assert_problem(answer, 422, "engine_not_installed", "#/fields/engine")
    assert "likeness models pull instruct-pix2pix" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"kind": "retouch", "fields": {}}, "#/kind"),
        ({"fields": {}}, "#/kind"),
        ({"kind": "recreate", "fields": []}, "#/fields"),
        ({"kind": "recreate", "extra": 1}, "#/extra"),
        ({"kind": "recreate", "fields": {"metadata": {str(n): "x" * 200 for n in range(100)}}}, "#/fields"),
    ],
)
def test_a_body_that_is_no_recipe(shop: Live, body: dict[str, Any], pointer: str) -> None:
    assert_problem(shop.http.put("/recipes/a", json=body), 422, "invalid_field", pointer)


@pytest.mark.parametrize("name", ["A", "-a", "a" * 65, "a.b", "%20"])
def test_a_name_that_is_none(shop: Live, name: str) -> None:
    assert_problem(shop.http.put(f"/recipes/{name}", json={"kind": "recreate"}), 404, "recipe_not_found")


@pytest.mark.parametrize("name", ["nobody", "Not A Name", "", "x" * 65])
def test_a_call_with_a_recipe_that_is_not_there(shop: Live, name: str) -> None:
    answer = shop.http.post("/customise", json={"image": URI, "recipe": name, "instruction": "make it red"})
    assert_problem(answer, 422, "invalid_field", "#/recipe")


def test_a_recipe_is_for_one_call(shop: Live) -> None:
    save(shop, "navy", "customise", recolour={"to": "#1F4E79"})
    assert_problem(shop.http.post("/recreate", json={"image": URI, "recipe": "navy"}), 422, "invalid_field", "#/recipe")


def test_fields_that_conflict_with_those_of_the_recipe_are_named(shop: Live) -> None:
    save(shop, "navy", "customise", recolour={"to": "#1F4E79"})
    answer = shop.http.post("/customise", json={"image": URI, "recipe": "navy", "instruction": "make it red"})
    assert_problem(answer, 422, "invalid_field")
    assert "instruction and recolour" in answer.json()["detail"]


def test_a_recipe_in_another_place_is_refused(shop: Live) -> None:
    body = {"image": URI, "runs": [{"engine": "starter"}], "task": {"kind": "recreate", "recipe": "navy"}}
    assert_problem(shop.http.post("/compare", json=body), 422, "invalid_field")
    answer = shop.http.post("/v1/models/likeness/starter/predictions", json={"input": {"image": URI, "recipe": "navy"}})
    assert answer.status_code == 422 and "recipe" in answer.text


def test_a_recipe_of_another_owner_is_as_one_that_never_was(serve: Callable[..., Live], tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    alice, bob = ({"Authorization": f"Bearer {create_key(file, name)}"} for name in ("alice", "bob"))
    live = serve(keys_file=file)
    body = {"kind": "recreate", "fields": {"seed": 1}}
    assert live.http.put("/recipes/mine", json=body, headers=alice).status_code == 201
    call = {"image": URI, "recipe": "mine"}
    assert live.http.post("/recreate", json=call, headers=alice).status_code == 202
    told = live.http.post("/recreate", json=call, headers=bob)
    never = live.http.post("/recreate", json={**call, "recipe": "your"}, headers=bob)
    assert told.json()["detail"].replace("mine", "your") == never.json()["detail"]
    assert live.http.get("/recipes", headers=bob).json() == {"recipes": []}
    assert_problem(live.http.delete("/recipes/mine", headers=bob), 404, "recipe_not_found")
    assert live.http.put("/recipes/mine", json=body, headers=bob).status_code == 201, "each owner has names of its own"


def test_so_many_recipes_are_kept(idle: Live) -> None:
    for number in range(MOST_RECIPES):
        assert save(idle, f"r{number}", "recreate").status_code == 201
    assert_problem(save(idle, "more", "recreate"), 422, "invalid_field", "#/name")
    assert save(idle, "r0", "recreate", seed=2).status_code == 200
