"""What may be asked of a picture that is generated, and by which engine it is made."""

import json

import pytest
from pydantic import ValidationError

from likeness.contract.catalogue import Catalogue, load_catalogue
from likeness.contract.comparison import Compare
from likeness.contract.engines import EngineSpec
from likeness.contract.errors import EngineNotInstalled, InvalidField, UnknownEngine
from likeness.contract.jobs import JobOrder, MadeImage, Recipe, StoredPicture, new_job_id
from likeness.contract.report import Report, Verdict
from likeness.contract.runs import PlannedRun, plan_of, task_again
from likeness.contract.tasks import Generate, Recreate
from tests.support.places import DRILL_CATALOGUE as DRILL

SHIPPED = load_catalogue()
ABLE = [spec for spec in SHIPPED.engines if "generate" in spec.kinds]
STORED = StoredPicture(key="k", sha256="0" * 64, media_type="image/png", size=1)


def wish(**fields) -> Generate:
    return Generate.model_validate_json(json.dumps({"prompt": "a red shirt", **fields}), strict=True)


def names(specs) -> set[str]:
    return {spec.name for spec in specs}


@pytest.mark.parametrize("spec", ABLE, ids=lambda spec: spec.name)
def test_an_engine_that_generates_begins_from_noise(spec) -> None:
    said = {} if "prompt" in spec.parameters else {"prompt": None}
    asked = spec.resolve(wish(**said))
    assert {asked.get("strength", 1.0), asked.get("variation", 1.0)} == {1.0}
    assert asked.get("prompt") == wish(**said).prompt
    assert spec.resolve(wish(**said, candidates=4, attempts=2)), "every seed makes another picture"
    assert spec.size_of(wish()) == (spec.canvas.native,) * 2 and spec.size_of(wish(width=64, height=91)) == (64, 91)


@pytest.mark.parametrize("name", ["sd15", "sdxl", "kandinsky22"])
def test_an_engine_that_generates_recreates_too_with_less_noise(name: str) -> None:
    assert SHIPPED.find(name).resolve(Recreate())["strength"] < 1


def with_a_class(**label) -> Catalogue:
    """Return the catalogue with an engine more, which generates one of a few learned classes and takes no text."""
    parameters = {"label": {"choices": ["bag", "shirt"], **label}, "truncation": {"default": 1.0}, "seed": {}}
    own = {
        "name": "classes",
        "family": "drill",
        "parameters": parameters,
        "default_for": ["generate"],
        "weights": "own",
    }
    shared = SHIPPED.find("starter").model_dump() | {"kinds": ["generate"], "ways": []}
    return SHIPPED.model_copy(update={"engine": [*SHIPPED.engines, EngineSpec(**shared | own)]})


def test_an_engine_without_a_prompt_refuses_one_and_one_with_it_needs_it() -> None:
    for asked, said in (
        (wish(engine="classes"), "does not support it"),
        (wish(engine="sd15", prompt=None), "from text"),
    ):
        with pytest.raises(InvalidField, match=said) as caught:
            plan_of(asked, with_a_class())
        assert [problem.pointer for problem in caught.value.problems] == ["#/prompt"]


def test_the_default_is_one_that_takes_what_was_said() -> None:
    catalogue = with_a_class()
    assert plan_of(wish(), catalogue).spec.name == "flux2-klein"
    assert plan_of(wish(prompt=None, label="bag"), catalogue).spec.name == "classes"
    with pytest.raises(EngineNotInstalled, match="likeness models pull sd15"):
        plan_of(wish(), catalogue, names(ABLE))
    with pytest.raises(InvalidField, match="from text") as caught:
        plan_of(wish(prompt=None), load_catalogue(DRILL))
    assert caught.value.problems[0].pointer == "#/prompt"


def test_a_word_must_be_one_of_the_choices() -> None:
    spec = with_a_class().find("classes")
    assert spec.resolve(wish(prompt=None, label="shirt")) == {"label": "shirt", "truncation": 1.0}
    with pytest.raises(InvalidField, match="one of bag, shirt with the engine classes") as caught:
        spec.resolve(wish(prompt=None, label="sofa"))
    assert caught.value.problems[0].pointer == "#/label"
    with pytest.raises(ValidationError, match="default is not among the choices"):
        with_a_class(default="sofa")


@pytest.mark.parametrize(
    "fields",
    [
        {"temperature": 0},
        {"temperature": 2.1},
        {"top_k": 0},
        {"top_p": 0},
        {"top_p": 1.1},
        {"truncation": 1.1},
        {"label": ""},
        {"variation": 0.5},
        {"layer": "layer1"},
        {"style_image": "file"},
        {"prompt": ""},
        {"prompt": "x" * 2001},
        {"width": 63, "height": 64},
        {"width": 64, "height": 4097},
        {"width": 64.5, "height": 64},
        {"width": 512},
        {"height": 512},
        {"strength": 0.5},
        {"image_guidance_scale": 1.5},
        {"thresholds": {}},
        {"format": "same"},
        {"format": "gif"},
        {"image": "https://example.com/a.png"},
        {"controls": []},
    ],
)
def test_what_it_does_not_take_is_refused(fields: dict) -> None:
    with pytest.raises(ValidationError):
        wish(**fields)


def test_the_default_is_the_best_that_is_installed() -> None:
    assert plan_of(wish(), SHIPPED).spec.name == "flux2-klein"
    assert plan_of(wish(), SHIPPED, names(SHIPPED.engines) - {"sd15", "sd15-lcm"}).spec.name == "sd15"


def test_each_purpose_has_one_default_of_those_installed() -> None:
    every = SHIPPED.defaults(())
    assert (every["recreate"].name, every["generate"].name) == ("instruct-pix2pix", "flux2-klein")
    shipped = SHIPPED.defaults(SHIPPED.missing(()))
    assert shipped["recreate"].name == "starter" and "generate" not in shipped


def test_without_any_it_says_which_there_are_and_how_to_get_one() -> None:
    with pytest.raises(EngineNotInstalled) as caught:
        plan_of(wish(), SHIPPED, names(ABLE))
    assert "likeness models pull sd15" in caught.value.detail and "sdxl-lightning" in caught.value.detail
    assert caught.value.problems[0].pointer == "#/engine"
    with pytest.raises(EngineNotInstalled, match="likeness models pull sdxl"):
        plan_of(wish(engine="sdxl"), SHIPPED, names(ABLE))


def test_an_engine_that_cannot_says_who_can() -> None:
    with pytest.raises(InvalidField, match=r"starter does not generate; .* take .*sd15, sd15-lcm, sdxl"):
        plan_of(wish(engine="starter"), SHIPPED)
    with pytest.raises(UnknownEngine):
        plan_of(wish(engine="nobody"), SHIPPED)


def test_the_plan_settles_the_size() -> None:
    task = plan_of(wish(engine="sd15"), SHIPPED).task
    assert isinstance(task, Generate) and (task.width, task.height) == (512, 512)


def test_generation_and_recreation_share_no_run() -> None:
    spec = SHIPPED.find("sd15")
    tasks = wish(), wish(seed=3), Recreate(prompt="a red shirt", strength=1)
    keys = [PlannedRun.of(spec, task).batch_key(512, 512) for task in tasks]
    assert keys[0] == keys[1] != keys[2]


def test_a_comparison_has_nothing_to_compare_it_with() -> None:
    with pytest.raises(ValidationError, match="generate has no original to compare with"):
        Compare.model_validate({"task": {"kind": "generate", "prompt": "x"}, "runs": [{}]})
    with pytest.raises(ValidationError, match="generate has no original to compare with"):
        Compare(task=wish(), runs=[{}])


@pytest.mark.parametrize(("task", "given"), [(wish(), STORED), (Recreate(), None)], ids=["generate", "recreate"])
def test_an_order_has_a_picture_unless_it_generates_one(task, given) -> None:
    fields = {"id": new_job_id(), "owner": "o", "engine": "e", "created_at": 0, "batch_key": "k", "timeout": 1}
    with pytest.raises(ValidationError, match="an image is required, except to generate one"):
        JobOrder(task=task, input=given, **fields)


def test_an_image_is_made_again_with_its_own_seed() -> None:
    task = plan_of(wish(engine="sd15", candidates=3, keep="all"), SHIPPED).task
    recipe = Recipe(
        engine="sd15",
        revision="1",
        parameters=SHIPPED.find("sd15").resolve(task),
        seeds=[1, 2, 3],
        input_sha256=None,
        task=task,
    )
    report = Report(frame=[], fidelity=[], verdict=Verdict.ACCEPTED, reasons=[])
    image = MadeImage(picture=STORED, width=512, height=512, mode="RGB", format="png", seed=2, report=report)
    again = task_again(recipe, image, task)
    assert isinstance(again, Generate) and (again.seed, again.candidates, again.width) == (2, 1, 512)
    assert SHIPPED.find("sd15").resolve(again) == recipe.parameters
