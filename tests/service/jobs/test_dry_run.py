"""`dry_run=true`: everything is checked, nothing is kept, and what the job would take is told."""

import json

import numpy as np
import pytest
import redis

from likeness.contract.catalogue import load_catalogue
from likeness.contract.errors import DoesNotFit
from likeness.contract.intents import Intent
from likeness.contract.residency import Residency
from likeness.contract.runs import PlannedRun
from likeness.contract.tasks import Customise, EditType, Recreate
from likeness.imaging.frame import padded
from service.jobs.capacity import check_memory
from service.jobs.dry_run import canvas_of
from tests.service.conftest import Live, Stack, png
from tests.service.http.test_bad_input import assert_problem
from tests.service.jobs.test_customise import form

STARTER, EDIT = (load_catalogue().find(name) for name in ("starter", "starter-edit"))
RUNS = json.dumps([{"engine": "starter", "strength": [0, 0.3]}, {"engine": "starter"}])


@pytest.fixture
def shop(serve) -> Live:
    """A service with the shipped catalogue and no worker."""
    return serve(catalogue=None)


def rehearsed(live: Live, path: str = "/recreate", **parts) -> dict:
    parts = {"engine": "starter", **parts} if path == "/recreate" else parts
    answer = form(live, f"{path}?dry_run=true", **parts)
    assert answer.status_code == 200, answer.text
    assert not live.pictures() and live.http.get("/jobs").json()["jobs"] == []
    return answer.json()


def test_a_recreation_is_told_and_not_kept(shop: Live) -> None:
    told = rehearsed(shop, image=png((30, 70)), strength="0.3", seed="7")
    assert (told["dry_run"], told["kind"], told["engine"], told["position"]) == (True, "recreate", "starter", 0)
    (run,) = told["runs"]
    assert run["parameters"]["strength"] == 0.3 and run["parameters"]["steps"] == 4 and run["parameters"]["seed"] == 7
    assert run["canvas"] == {"width": 64, "height": 72, "tiles": 1} and run["revision"] == STARTER.revision
    assert run["timeout"] == told["timeout"] == STARTER.timeout + 1
    assert told["seconds"]["value"] is None and "no job of this queue has ended" in told["seconds"]["reason"]
    assert told["wait"]["value"] is None and "no worker" in told["wait"]["reason"]
    assert run["memory"]["value"] == STARTER.memory and run["memory"]["reason"]


def test_a_customisation_and_a_comparison_are_told(shop: Live) -> None:
    told = rehearsed(shop, "/customise", instruction="make it red")
    assert (told["kind"], told["engine"]) == ("customise", "retouch")
    assert rehearsed(shop, "/customize", instruction="make it red") == told
    told = rehearsed(shop, "/compare", runs=RUNS)
    assert told["kind"] == "compare" and [run["parameters"]["strength"] for run in told["runs"]] == [0.0, 0.3, 0.0]
    assert told["timeout"] == sum(run["timeout"] for run in told["runs"])


@pytest.mark.parametrize(
    ("parts", "pointer"),
    [({"steps": "500"}, "#/steps"), ({"engine": "nobody"}, "#/engine"), ({"image": b"no picture"}, "#/image")],
)
def test_what_would_be_refused_is_refused(shop: Live, parts: dict, pointer: str) -> None:
    dry, real = (form(shop, f"/recreate{query}", **parts) for query in ("?dry_run=true", ""))
    assert_problem(dry, 422, real.json()["code"], pointer)
    assert dry.json()["errors"] == real.json()["errors"]


def test_a_full_queue_is_told_as_it_would_be(serve) -> None:
    assert_problem(form(serve(max_queued=0), "/recreate?dry_run=true"), 429, "queue_full")


@pytest.mark.parametrize("said", ["yes", "1", "True", ""])
def test_only_true_and_false_are_said(shop: Live, said: str) -> None:
    assert_problem(form(shop, f"/recreate?dry_run={said}"), 422, "invalid_field", "#/dry_run")
    assert_problem(form(shop, "/recreate?dry_run=true&dry_run=true"), 422, "invalid_field", "#/dry_run")


def test_false_is_an_ordinary_request(shop: Live) -> None:
    assert form(shop, "/recreate?dry_run=false").status_code == 202


def test_a_dry_run_uses_up_no_key(shop: Live) -> None:
    assert form(shop, "/recreate?dry_run=true", key="k").status_code == 200
    assert form(shop, "/recreate", key="k", steps="3").status_code == 202


def test_seconds_come_from_the_pace_of_the_queue(shop: Live, stack: Stack) -> None:
    with redis.Redis(unix_socket_path=str(stack.server.socket), db=1) as client:
        client.set("likeness:pace:starter-interactive", 2.5)
        client.sadd("rq:workers:starter-interactive", "one", "two")
    told = rehearsed(shop)
    assert told["seconds"]["value"] == 2.5 and "running mean" in told["seconds"]["reason"]
    assert told["wait"]["value"] == 0
    assert rehearsed(shop, "/compare", runs=RUNS)["seconds"]["value"] == 7.5
    for _ in range(4):
        form(shop, "/recreate", engine="starter")
    told = form(shop, "/recreate?dry_run=true", engine="starter").json()
    assert (told["position"], told["wait"]["value"]) == (4, 5.0)
    assert "jobs ahead of it: 4; workers: 2" in told["wait"]["reason"]
    batch = form(shop, "/recreate?dry_run=true", engine="starter", priority="batch").json()
    assert batch["position"] == 4, "interactive jobs go before it"


def test_a_likely_time_is_never_over_the_bound(shop: Live, stack: Stack) -> None:
    with redis.Redis(unix_socket_path=str(stack.server.socket), db=1) as client:
        client.set("likeness:pace:starter-interactive", 1e6)
    told = rehearsed(shop)
    assert told["seconds"]["value"] == told["timeout"]


def test_after_a_job_its_pace_is_known(live: Live) -> None:
    live.finished()
    told = form(live, "/recreate?dry_run=true").json()
    assert 0 < told["seconds"]["value"] <= told["timeout"]
    assert told["wait"]["value"] == 0


@pytest.mark.parametrize(
    ("size", "canvas"),
    [
        ((1024, 1024), (1024, 1024, 1)),
        ((1025, 1024), (1032, 1024, 2)),
        ((3000, 2000), (3000, 2000, 12)),
        ((1, 1), (64, 64, 1)),
    ],
)
def test_a_large_picture_is_told_in_tiles(size, canvas) -> None:
    told = canvas_of(PlannedRun.of(STARTER, Recreate()), *size)
    assert (told.width, told.height, told.tiles) == canvas


@pytest.mark.parametrize("size", [(1, 1), (30, 70), (64, 64), (333, 65), (1000, 7)])
def test_the_canvas_is_the_one_that_pictures_are_padded_to(size) -> None:
    width, height = size
    canvas = STARTER.canvas
    made = padded(np.zeros((height, width, 3), np.float32), canvas.multiple, canvas.minimum)
    assert canvas.padded(width, height) == (made.shape[1], made.shape[0])


def test_or_made_smaller_where_the_engine_does_so() -> None:
    told = canvas_of(PlannedRun.of(EDIT, Customise(instruction="make it red")), 1536, 768)
    assert (told.width, told.height, told.tiles) == (768, 384, 1)


def test_a_small_picture_is_enlarged_to_what_the_engine_is_best_at() -> None:
    native = STARTER.model_copy(update={"canvas": STARTER.canvas.model_copy(update={"native": 512})})
    told = canvas_of(PlannedRun.of(native, Recreate()), 100, 200)
    assert (told.width, told.height, told.tiles) == (264, 512, 1)


def test_what_is_steered_by_maps_is_not_cut_into_tiles() -> None:
    task = Customise(prompt="a wall", controls=[{"kind": "canny"}])
    told = canvas_of(PlannedRun(STARTER, task, Intent(EditType.CONTROL), {}), 2048, 1024)
    assert (told.width, told.height, told.tiles) == (1024, 512, 1)


def worker(budget: int | None, pool: str = "starter") -> Residency:
    return Residency(worker="w", device="cpu", engines=[], pools=[pool], memory=budget)


def test_what_fits_no_worker_is_refused() -> None:
    large = STARTER.model_copy(update={"memory": 20_000_000_000})
    with pytest.raises(DoesNotFit, match=r"starter needs 20.0 GB, and the largest worker has 8.0 GB"):
        check_memory(large, [worker(4_000_000_000), worker(8_000_000_000), worker(90_000_000_000, "other")])


@pytest.mark.parametrize(
    ("memory", "budgets"),
    [(None, [1]), (10, []), (10, [5, None]), (10, [5, 10])],
    ids=["need", "none", "budget", "fits"],
)
def test_what_is_not_known_is_no_reason_to_refuse(memory, budgets) -> None:
    check_memory(STARTER.model_copy(update={"memory": memory}), [worker(budget) for budget in budgets])


@pytest.mark.parametrize("query", ["", "?dry_run=true"])
def test_a_live_worker_without_the_memory_is_a_422_now(live: Live, stack: Stack, serve, tmp_path, query: str) -> None:
    settings = stack.settings(0)
    path = tmp_path / "vast.toml"
    path.write_text(settings.catalogue.read_text().replace("batch = 4", "batch = 4\nmemory = 9000000000000000"))
    vast = serve(catalogue=path, redis_url=settings.redis_url)
    answer = form(vast, f"/recreate{query}")
    assert_problem(answer, 422, "does_not_fit", "#/engine")
    assert not vast.pictures()
