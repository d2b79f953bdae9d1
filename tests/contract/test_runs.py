"""Which runs a job takes, and what is refused with the name of its place."""

import json

import pytest
from pydantic import ValidationError

from likeness.contract.catalogue import load_catalogue
from likeness.contract.comparison import MAX_RUNS, Compare, Grid
from likeness.contract.errors import EngineNotInstalled, InvalidField, RequestError, UnknownEngine
from likeness.contract.jobs import JobOrder, MadeImage, Recipe, StoredPicture
from likeness.contract.parameters import PARAMETER_NAMES
from likeness.contract.report import Report, Verdict
from likeness.contract.runs import PlannedRun, plan_of, task_again
from likeness.contract.tasks import Customise, Recreate

SHIPPED = load_catalogue()
RED = {"kind": "customise", "instruction": "make it red"}


def compared(**fields) -> Compare:
    return Compare.model_validate_json(json.dumps(fields), strict=True)


def refused(**fields) -> RequestError:
    with pytest.raises(RequestError) as caught:
        plan_of(compared(**fields), SHIPPED)
    return caught.value


def test_every_combination_is_a_run_in_the_order_asked() -> None:
    plan = plan_of(
        compared(runs=[{"engine": "starter", "strength": [0, 0.3], "steps": [2, 4]}, {"engine": "starter"}]), SHIPPED
    )
    tried = [(run.task.strength, run.task.steps) for run in plan.runs]
    assert tried == [(0, 2), (0, 4), (0.3, 2), (0.3, 4), (None, None)]
    assert all(type(run.task) is Recreate and run.task.engine == "starter" for run in plan.runs)


def test_a_single_value_is_a_list_of_one() -> None:
    one, many = compared(runs=[{"strength": 0.3}]), compared(runs=[{"strength": [0.3]}])
    assert one == many == Compare.model_validate_json(one.model_dump_json())


def test_the_task_and_the_priority_reach_every_run() -> None:
    plan = plan_of(compared(task={**RED, "mask": "product"}, runs=[{"steps": [2, 3]}], priority="batch"), SHIPPED)
    assert [run.task.mask for run in plan.runs] == ["product"] * 2
    assert {run.task.priority for run in plan.runs} == {"batch"}
    assert plan.task.runs[0].engine == "starter-edit", "the plan names the engine, so that a worker takes the same"


def test_an_ordinary_job_is_a_plan_of_one_run() -> None:
    plan = plan_of(Recreate(engine="starter", strength=0.3), SHIPPED)
    assert len(plan.runs) == 1 and plan.task == Recreate(engine="starter", strength=0.3)
    assert plan.batch_key(64, 64) == PlannedRun.of(plan.spec, plan.task).batch_key(64, 64)
    assert plan.bound(640, 480) == plan.spec.bound(plan.task, 640, 480)


def test_bounds_add_up_and_a_comparison_shares_no_run() -> None:
    task = compared(runs=[{"engine": "starter", "strength": [0, 0.3]}])
    plan = plan_of(task, SHIPPED)
    assert plan.bound(1000, 1000) == 2 * plan.spec.bound(Recreate(), 1000, 1000)
    assert plan.batch_key(64, 64) != plan.batch_key(64, 64)
    assert plan.batch_key(64, 64).startswith("starter:")


@pytest.mark.parametrize(
    ("fields", "pointers"),
    [
        ({"runs": [{"strength": [0, 3]}]}, ["#/runs/0/strength"]),
        ({"runs": [{}, {"engine": "starter", "image_guidance_scale": 2}]}, ["#/runs/1/image_guidance_scale"]),
        ({"runs": [{"engine": "starter", "steps": 500}]}, ["#/runs/0/steps"]),
        ({"runs": [{"scheduler": ["euler", "sundial"]}]}, ["#/runs/0/scheduler"]),
        ({"task": RED, "runs": [{}, {"engine": "starter"}]}, ["#/runs/1/engine"]),
        (
            {"task": {"kind": "recreate", "image_guidance_scale": 2}, "runs": [{"engine": "starter"}]},
            ["#/task/image_guidance_scale"],
        ),
        ({"task": RED, "runs": [{"prompt": "a wall"}]}, ["#/runs/0"]),
    ],
)
def test_a_bad_run_names_its_place(fields, pointers) -> None:
    error = refused(**fields)
    assert isinstance(error, InvalidField)
    assert [problem.pointer for problem in error.problems] == pointers
    assert error.detail.startswith("runs/")


def test_unknown_and_missing_engines_name_the_run() -> None:
    error = refused(runs=[{}, {"engine": "nobody"}])
    assert isinstance(error, UnknownEngine) and error.problems[0].pointer == "#/runs/1/engine"
    with pytest.raises(EngineNotInstalled) as caught:
        plan_of(compared(runs=[{"engine": "starter"}]), SHIPPED, missing={"starter"})
    assert caught.value.problems[0].pointer == "#/runs/0/engine"


def test_engines_of_several_pools_are_one_plan() -> None:
    plan = plan_of(compared(runs=[{"engine": "sdxl"}, {"engine": "starter"}, {"engine": "sdxl-refined"}]), SHIPPED)
    assert plan.pools == ["sdxl", "starter"] and plan.spec.name == "sdxl"


@pytest.mark.parametrize(
    "fields",
    [
        {"runs": []},
        {"runs": [{"steps": list(range(1, MAX_RUNS + 1))}, {}]},
        {"runs": [{"strength": [0.1] * 5, "steps": [1] * 5}]},
        {"runs": [{"strength": []}]},
        {"runs": [{"strength": [0.1] * 5}], "task": {"kind": "recreate", "candidates": 8, "attempts": 5}},
        {"runs": [{"size": 3}]},
        {"runs": [{}], "task": {"kind": "recreate", "engine": "starter"}},
        {"runs": [{}], "task": {"kind": "recreate", "keep": "all"}},
        {"runs": [{}], "task": {"kind": "recreate", "priority": "batch"}},
        {"runs": [{}], "task": {"kind": "compare", "runs": [{}]}},
        {"runs": [{}], "steps": 3},
    ],
)
def test_what_no_comparison_may_say(fields) -> None:
    with pytest.raises(ValidationError):
        compared(**fields)


def test_as_many_runs_as_the_bound_are_taken() -> None:
    assert len(plan_of(compared(runs=[{"steps": list(range(1, MAX_RUNS + 1))}]), SHIPPED).runs) == MAX_RUNS


def test_a_grid_names_parameters_only() -> None:
    assert set(Grid.model_fields) - {"engine"} <= set(PARAMETER_NAMES)


def test_an_order_knows_its_runs() -> None:
    shared = {
        "id": "a",
        "owner": "o",
        "engine": "starter",
        "input": made(seed=1).picture,
        "batch_key": "b",
        "timeout": 1,
    }
    shared["created_at"] = "2026-01-01T00:00:00Z"
    task = compared(runs=[{"strength": [0, 0.3], "steps": [1, 2]}, {}])
    assert (JobOrder(task=Recreate(), **shared).runs, JobOrder(task=task, **shared).runs) == (1, 5)


def made(**fields) -> MadeImage:
    picture = StoredPicture(key="k", sha256="0" * 64, media_type="image/png", size=1)
    report = Report(frame=[], fidelity=[], verdict=Verdict.ACCEPTED, reasons=[])
    shape = {"width": 8, "height": 8, "mode": "RGB", "format": "png"}
    return MadeImage(picture=picture, report=report, **shape, **fields)


def test_an_image_is_made_again_alone_with_its_own_seed_and_guidance() -> None:
    task = Customise(instruction="make it red", candidates=4, attempts=3, keep="all", steps=3)
    parameters = {"guidance_scale": 1.0, "image_guidance_scale": 1.2, "steps": 3}
    recipe = Recipe(
        engine="starter-edit", revision="1", parameters=parameters, seeds=[7, 8], input_sha256="0", task=task
    )
    again = task_again(recipe, made(seed=8, guidance_scale=1.69), task)
    assert (again.seed, again.guidance_scale, again.image_guidance_scale, again.steps) == (8, 1.69, 1.2, 3)
    assert (again.engine, again.candidates, again.attempts, again.keep) == ("starter-edit", 1, 1, "best")
    assert again.instruction == task.instruction
    plan_of(again, SHIPPED)


def test_an_instruction_to_an_open_engine_is_given_again() -> None:
    spec, task = SHIPPED.find("instruct-pix2pix"), Customise(engine="instruct-pix2pix", instruction="of glass", steps=3)
    parameters = spec.resolve(task)
    assert "prompt" not in parameters and spec.resolve(Recreate())["prompt"]
    recipe = Recipe(engine=spec.name, revision="1", parameters=parameters, seeds=[5], input_sha256="0", task=task)
    assert task_again(recipe, made(seed=5), task) == task.model_copy(update={**parameters, "seed": 5})


def test_the_text_of_a_captioner_is_used_again() -> None:
    recipe = Recipe(engine="starter", revision="1", parameters={}, seeds=[], input_sha256="0", caption="a plaid cap")
    assert task_again(recipe, made(seed=None), Recreate()).prompt == "a plaid cap"


def test_an_older_recipe_says_not_what_was_asked() -> None:
    recipe = Recipe(engine="starter", revision="1", parameters={"strength": 0.0}, seeds=[], input_sha256="0")
    again = task_again(recipe, made(seed=None), Recreate(format="png"))
    assert (again.format, again.strength, again.seed) == ("png", 0.0, None)
