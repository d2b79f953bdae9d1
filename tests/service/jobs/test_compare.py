"""`POST /compare`: what is taken in either body, what is refused and where, and what comes back."""

import base64
import io
import json
import time

import pytest
from PIL import Image

from likeness.contract.catalogue import load_catalogue
from likeness.contract.comparison import Compare
from likeness.contract.errors import InvalidField
from likeness.contract.residency import Residency
from likeness.contract.runs import plan_of
from service.jobs.capacity import led
from tests.service.conftest import Live, Stack, png
from tests.service.http.test_bad_input import assert_problem
from tests.service.jobs.test_customise import MASK, base, form, order

RUNS = [{"engine": "starter-edit", "steps": [2, 4]}, {"guidance_scale": 2}]
RED = {"kind": "customise", "instruction": "make it red"}


@pytest.fixture
def shop(serve) -> Live:
    """A service with the shipped catalogue and no worker."""
    return serve(catalogue=None)


def compared(live: Live, *runs: dict, wait: int = 30, **fields) -> dict:
    body = {"image": base64.b64encode(png()).decode(), "runs": list(runs), **fields}
    answer = live.http.post("/compare", json=body, headers={"Prefer": f"wait={wait}"})
    assert answer.status_code in (200, 202), answer.text
    return answer.json()


def test_a_form_and_json_are_the_same_job(shop: Live, stack: Stack) -> None:
    one = form(shop, "/compare", mask=MASK, task=json.dumps(RED), runs=json.dumps(RUNS), priority="batch")
    fields = {"task": RED, "runs": RUNS, "priority": "batch"}
    other = shop.http.post("/compare", json={"image": base(png()), "mask": base(MASK), **fields})
    assert (one.status_code, other.status_code) == (202, 202), (one.text, other.text)
    assert one.json()["kind"] == "compare"
    orders = [order(stack, answer.json()["id"]) for answer in (one, other)]
    assert orders[0].task == orders[1].task and set(orders[0].files) == set(orders[1].files) == {"mask"}
    assert orders[0].task.task.mask == "file" and orders[0].task.priority == "batch"
    assert [grid.engine for grid in orders[0].task.runs] == ["starter-edit"] * 2, "the engine is settled when accepted"
    assert orders[0].engine == "starter-edit" and orders[0].timeout >= 3 * 120


@pytest.mark.parametrize(
    ("fields", "code", "pointer"),
    [
        ({"runs": []}, "invalid_field", "#/runs"),
        ({}, "invalid_field", "#/runs"),
        ({"runs": [{"steps": list(range(1, 26))}]}, "invalid_field", "#/runs/0/steps"),
        ({"runs": [{"steps": list(range(1, 25))}, {}]}, "invalid_field", "#/runs"),
        ({"runs": [{}, {"strength": [0.1, 2]}]}, "invalid_field", "#/runs/1/strength"),
        ({"runs": [{}, {"strength": "much"}]}, "invalid_field", "#/runs/1/strength/0"),
        ({"runs": [{}, {"engine": "nobody"}]}, "unknown_engine", "#/runs/1/engine"),
        ({"runs": [{}, {"size": 3}]}, "invalid_field", "#/runs/1/size"),
        ({"runs": [{}], "strength": 0.3}, "invalid_field", "#/strength"),
        ({"runs": [{}], "task": {"instruction": "make it red"}}, "invalid_field", "#/task"),
        ({"runs": [{}], "task": {**RED, "steps": 0}}, "invalid_field", "#/task/steps"),
        ({"runs": [{}], "task": {**RED, "engine": "starter-edit"}}, "invalid_field", "#/task"),
        ({"runs": [{"engine": "starter"}], "task": RED}, "invalid_field", "#/runs/0/engine"),
        ({"runs": [{}], "task": {"kind": "customise", "text": "  "}}, "invalid_field", "#/task/text"),
        (
            {"runs": [{}], "task": {"kind": "customise", "instruction": "make it sparkle"}},
            "instruction_not_understood",
            None,
        ),
        ({"runs": [{}], "task": {**RED, "mask": "product", "format": "jpeg"}}, "invalid_field", "#/task/format"),
        ({"runs": [{}], "task": {**RED, "mask": "file"}}, "invalid_field", "#/mask"),
        ({"runs": [{}], "task": {**RED, "mask": "product"}, "mask": base(MASK)}, "invalid_field", "#/mask"),
        ({"runs": [{}], "mask": base(MASK)}, "invalid_field", "#/task/mask"),
        ({"runs": [{}], "task": RED, "mask": "product"}, "invalid_field", "#/mask"),
        ({"runs": [{}], "task": RED, "mask": base(png((9, 9), "L"))}, "invalid_picture", "#/mask"),
    ],
)
def test_what_is_refused_names_its_place(shop: Live, fields: dict, code: str, pointer: str | None) -> None:
    answer = shop.http.post("/compare", json={"image": base(png()), **fields})
    assert_problem(answer, 422, code, pointer)
    assert not shop.pictures() and shop.http.get("/jobs").json()["jobs"] == []


def test_engines_of_several_pools_need_workers_that_serve_them_all(live: Live, stack: Stack, serve, tmp_path) -> None:
    settings = stack.settings(0)
    text = settings.catalogue.read_text()
    other = text.replace('name = "drill"', 'name = "other"').replace('pool = "drill"', 'pool = "far"')
    path = tmp_path / "two.toml"
    path.write_text(text + other.replace('default_for = ["recreate", "generate"]\n', ""))
    body = {"image": base(png()), "runs": [{"engine": "drill"}, {"engine": "other"}]}
    far = serve(catalogue=path, redis_url=settings.redis_url)
    for query in ("", "?dry_run=true"):
        answer = far.http.post(f"/compare{query}", json=body)
        assert_problem(answer, 422, "invalid_field", "#/runs")
        assert "of the pool drill does not serve: other in far" in answer.json()["detail"]
    assert not far.pictures()
    alone = serve(catalogue=path)
    assert alone.http.post("/compare", json=body).status_code == 202, "no worker is known that could not"


def test_a_worker_of_all_pools_takes_them() -> None:
    plan = plan_of(Compare(runs=[{"engine": "sd15"}, {"engine": "sdxl"}]), load_catalogue())
    assert led(plan, [worker("sd15", "sdxl"), worker("starter"), worker("sdxl")]).spec.name == "sd15"
    assert led(plan, []).spec.name == "sd15", "no worker is known that could not"
    with pytest.raises(InvalidField, match="of the pool sd15 does not serve: sdxl in sdxl"):
        led(plan, [worker("sd15", "sdxl"), worker("sd15"), worker("sdxl")])


def test_a_comparison_waits_where_only_workers_of_all_pools_look() -> None:
    plan = plan_of(Compare(task=RED, runs=[{"engine": "retouch"}, {"engine": "starter-edit"}]), load_catalogue())
    assert led(plan, [worker("retouch"), worker("starter", "retouch")]).spec.name == "starter-edit"


def worker(*pools: str) -> Residency:
    return Residency(worker="w", device="cpu", engines=[], pools=list(pools))


def test_a_comparison_comes_back_ranked_with_its_sheet(live: Live) -> None:
    job = compared(
        live, {"strength": [0.0, 0.05], "steps": 2}, {"prompt": "raise"}, task={"kind": "recreate", "seed": 3}
    )
    assert (job["kind"], job["status"], job["engine"]) == ("compare", "succeeded", "drill"), job["error"]
    comparison = job["result"]["comparison"]
    assert [row["rank"] for row in comparison["runs"]] == [1, 2, None]
    assert comparison["runs"][2]["error"]["code"] == "engine_failed"
    assert comparison["recommendation"]["run"] in (0, 1) and comparison["recommendation"]["reasons"]
    assert comparison["merit"].startswith("ssim - delta_e / 100")
    for number, image in enumerate(job["result"]["images"]):
        assert image["recipe"]["task"]["kind"] == "recreate" and "key" not in image
        assert live.http.get(image["url"]).status_code == 200
        report = live.http.get(f"/jobs/{job['id']}/report", params={"image": number})
        assert report.json() == image["report"]
    sheet = live.http.get(comparison["sheet"])
    assert (sheet.status_code, sheet.headers["content-type"]) == (200, "image/png")
    assert Image.open(io.BytesIO(sheet.content)).width > 1000
    etag = {"If-None-Match": sheet.headers["etag"]}
    assert live.http.get(comparison["sheet"], headers=etag).status_code == 304
    live.http.delete(job["links"]["self"])
    assert_problem(live.http.get(comparison["sheet"]), 410, "job_expired")


def test_only_a_comparison_has_a_sheet(live: Live) -> None:
    job = live.finished()
    assert_problem(live.http.get(f"{job['links']['self']}/sheet"), 404, "image_not_found")
    waiting = compared(live, {"steps": 500, "strength": 0.3}, wait=0)
    assert_problem(live.http.get(f"{waiting['links']['self']}/sheet"), 409, "job_not_finished")
    live.http.delete(waiting["links"]["self"])


def test_a_comparison_fails_when_every_run_does(live: Live) -> None:
    job = compared(live, {"prompt": "raise", "steps": [1, 2]})
    assert (job["status"], job["error"]["code"]) == ("failed", "engine_failed")


def test_a_running_comparison_is_cancelled_within_a_step(live: Live) -> None:
    job = compared(live, {"steps": [1, 500, 500], "strength": 0.3}, wait=0)
    here = job["links"]["self"]
    until = time.monotonic() + 20
    while (progress := live.http.get(here).json()["progress"] or {}).get("steps") != 500:
        assert time.monotonic() < until, progress
        time.sleep(0.02)
    assert (progress["run"], progress["runs"]) == (2, 3)
    started = time.monotonic()
    live.http.post(job["links"]["cancel"])
    ended = live.http.get(here, params={"wait": 20}).json()
    assert ended["status"] == "cancelled" and time.monotonic() - started < 2
    assert live.finished()["status"] == "succeeded", "the worker goes on with the next job"


def test_a_guide_goes_to_every_run_and_counts_for_the_key(shop: Live, stack: Stack) -> None:
    body = {
        "image": base(png()),
        "guide": base(png(colour=200)),
        "task": {"kind": "customise"},
        "runs": [{"engine": "sdedit", "strength": [0.2, 0.4, 0.6]}],
    }
    first = shop.http.post("/compare", json=body, headers={"Idempotency-Key": "k"})
    assert first.status_code == 202, first.text
    accepted = order(stack, first.json()["id"])
    assert (accepted.task.task.guide, set(accepted.files), accepted.runs) == ("file", {"guide"}, 3)
    other = shop.http.post("/compare", json={**body, "guide": base(png(colour=9))}, headers={"Idempotency-Key": "k"})
    assert_problem(other, 422, "idempotency_mismatch")
    small = shop.http.post("/compare", json={**body, "guide": base(png((8, 8)))})
    assert_problem(small, 422, "invalid_picture", "#/guide")


def test_the_same_key_gives_the_same_comparison(shop: Live) -> None:
    body = {"image": base(png()), "runs": [{"engine": "starter", "strength": 0.3}]}
    first, again = (shop.http.post("/compare", json=body, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert again.json()["id"] == first.json()["id"] and again.headers["idempotency-replayed"] == "true"
    other = shop.http.post("/compare", json={**body, "runs": [{"engine": "starter"}]}, headers={"Idempotency-Key": "k"})
    assert_problem(other, 422, "idempotency_mismatch")
