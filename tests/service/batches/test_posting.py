"""What is wrong with a batch is told whole, each row with its line, and nothing starts."""

import json

import pytest

from tests.service.batches.conftest import WHITE, Shop
from tests.service.http.test_bad_input import assert_problem

URL = "https://shop.example.com/a.png"
VALUED = {"name": "valued", "kind": "recreate", "strength": "{strength}"}


def told(shop: Shop, **request) -> list[str]:
    answer = shop.http.post("/batches", **request)
    assert answer.status_code == 422, answer.text
    assert shop.http.get("/batches").json()["batches"] == []
    assert not [path for path in shop.live.pictures() if "batches" in path.parts], "and nothing is left in the store"
    return [problem["detail"] for problem in answer.json()["errors"]]


def test_every_wrong_row_is_told_with_its_line(unfed: Shop) -> None:
    rows = [
        {"reference": "A", "image": URL, "strength": 0.3},
        {"reference": "A", "image": URL, "strength": 0.3},
        {"reference": "B", "strength": 0.3},
        {"reference": "C", "image": "http://shop.example.com/a.png", "strength": 0.3},
        {"reference": "D", "image": URL, "strength": 9},
        {"reference": "E", "image": URL},
        {"reference": "F", "image": URL, "strength": 0.3, "size": 3},
        {"image": URL, "strength": 0.3},
        {"reference": "G", "image": {"upload": "0" * 64}, "strength": 0.3},
        {"reference": "H", "image": {"job": "x"}, "strength": 0.3},
    ]
    lines = [json.dumps(line) for line in ({"recipes": [VALUED]}, *rows)] + ["{", "[]"]
    found = told(unfed, content="\n".join(lines), headers={"Content-Type": "application/jsonl"})
    starts = [
        "line 3, field reference: also in line 2",
        "line 4, field image: missing",
        "line 5, field image: only https",
        "line 6, field strength: recipe valued: strength",
        "line 7, field strength: missing: recipe valued uses it",
        "line 8, field size: no recipe uses it",
        "line 9, field reference: missing",
        "line 10, field image: nothing of the sha256",
        "line 11, field image: ",
        "line 12: not JSON",
        "line 13: an object is needed",
    ]
    assert len(found) == len(starts)
    for text, start in zip(found, starts, strict=True):
        assert text.startswith(start), (text, start)


def test_a_csv_is_told_by_column(unfed: Shop) -> None:
    text = f'reference,image,strength\nA,{URL},0.3\nB,{URL},9\n"C\nD",{URL},0.3\nE,{URL}\n'
    files = {"items": ("plan.csv", text.encode(), "text/csv")}
    found = told(unfed, data={"recipes": json.dumps([VALUED])}, files=files)
    assert found[0].startswith("line 3, column strength: recipe valued")
    assert found[1].startswith("line 4, column reference: a text of 1 to 200")
    assert found[2].startswith("line 6: 2 cells, and there are 3 columns")


@pytest.mark.parametrize(
    ("recipe", "detail"),
    [
        ({"name": "a", "kind": "resize"}, "recipe a, kind: one of recreate"),
        ({"name": "a", "kind": "compare"}, "recipe a, kind: a comparison is no recipe"),
        ({"name": "a", "kind": "recreate", "strenth": 1}, "recipe a, strenth: not a field of this call"),
        ({"name": "a", "kind": "recreate", "engine": "none"}, "recipe a, engine"),
        ({"name": "a", "instruction": "sparkle"}, "recipe a, instruction"),
        ({"name": "a", "kind": "recreate", "webhook": "https://x.example"}, "recipe a, webhook: not in a recipe"),
        ({"name": "a", "kind": "packshot", "mask": "http://x.example/m.png"}, "recipe a"),
    ],
)
def test_a_wrong_recipe_is_told_once(unfed: Shop, recipe: dict, detail: str) -> None:
    body = {"recipes": [WHITE, recipe], "items": [{"reference": str(number), "image": URL} for number in range(50)]}
    found = told(unfed, json=body)
    assert found[0].startswith(detail), found
    assert len({text.split(":")[0] for text in found}) == 1, "not for each item"


def test_the_head_is_strict(unfed: Shop) -> None:
    items = [{"reference": "A", "image": URL}]
    for body in (
        {"items": items},
        {"recipes": [WHITE]},
        {"recipes": [WHITE], "items": []},
        {"recipes": [WHITE], "items": items, "nmae": "x"},
        {"recipes": [WHITE, WHITE], "items": items},
        {"recipes": [{"name": "../x", "kind": "recreate"}], "items": items},
    ):
        assert unfed.http.post("/batches", json=body).status_code == 422, body
    answer = unfed.http.post("/batches", content="a,b", headers={"Content-Type": "text/csv"})
    assert_problem(answer, 415, "unsupported_media_type")


def test_a_dry_run_tells_what_is_wrong_but_for_what_is_not_uploaded_yet(unfed: Shop) -> None:
    dry = {"params": {"dry_run": "true"}}
    items = [{"reference": name, "image": {"upload": f"{name:0>64}"}} for name in ("1", "2")]
    answer = unfed.http.post("/batches", json={"recipes": [WHITE, VALUED | {"strength": 0.3}], "items": items}, **dry)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"dry_run": True, "items": 2, "jobs": 4, "uploads_missing": 2}
    assert told(unfed, json={"recipes": [WHITE], "items": [*items, {"reference": "3"}]}, **dry) == [
        "line 1, field image: missing: every item needs one"
    ]
    assert told(unfed, json={"recipes": [WHITE], "items": items}), "without it they are missing"


def test_references_are_numbered_where_that_is_asked(unfed: Shop) -> None:
    items = [{"reference": "A", "image": URL} for _ in range(3)]
    batch = unfed.post(items, references="numbered")
    assert [row["reference"] for row in unfed.manifest(batch)] == ["A", "A-2", "A-3"]
    assert {row["status"] for row in unfed.manifest(batch)} == {"waiting"}


def test_a_key_makes_one_batch(unfed: Shop) -> None:
    body = {"recipes": [WHITE], "items": [{"reference": "A", "image": URL}]}
    key = {"Idempotency-Key": "night-1"}
    first, again = (unfed.http.post("/batches", json=body, headers=key) for _ in range(2))
    assert first.json()["id"] == again.json()["id"] and again.headers["Idempotency-Replayed"] == "true"
    other = {**body, "name": "x"}
    assert_problem(unfed.http.post("/batches", json=other, headers=key), 422, "idempotency_mismatch")
    assert len(unfed.http.get("/batches").json()["batches"]) == 1
    assert len({path.parts[-2] for path in unfed.live.pictures() if path.name == "recipes.json"}) == 1


def test_a_saved_recipe_is_taken_over_as_it_is(unfed: Shop) -> None:
    saved = {"kind": "recreate", "fields": {"strength": 0.3}}
    unfed.http.put("/recipes/soft", json=saved).raise_for_status()
    batch = unfed.post([{"reference": "A", "image": URL}], {"name": "a", "kind": "recreate", "recipe": "soft"})
    assert batch["counts"]["waiting"] == 1
    body = {
        "recipes": [{"name": "a", "kind": "recreate", "recipe": "none"}],
        "items": [{"reference": "A", "image": URL}],
    }
    assert "recipe a, recipe: " in unfed.http.post("/batches", json=body).json()["errors"][0]["detail"]
