"""The shipped catalogue, and what an engine's row says about a task."""

import importlib
from pathlib import Path

import pytest

from likeness.contract.catalogue import load_catalogue
from likeness.contract.engines import ParameterSpec
from likeness.contract.errors import InvalidField, UnknownEngine
from likeness.contract.runs import PlannedRun
from likeness.contract.tasks import Customise, Generate, Recreate
from tests.support.places import DRILL_CATALOGUE as DRILL
from tests.support.places import ROOT
from tests.support.tiny import MAKERS


@pytest.mark.parametrize("spec", load_catalogue().engines, ids=lambda spec: spec.name)
def test_every_row_has_its_family_and_weights(spec) -> None:
    assert callable(importlib.import_module(f"worker.engines.{spec.family}").load)
    for name in spec.needs:
        assert name in MAKERS or list((ROOT / "weights" / name).rglob("*.safetensors")), name


def test_every_row_says_when_to_take_it() -> None:
    assert [spec.name for spec in load_catalogue().engines if not spec.use.endswith(".")] == []


def test_every_shipped_engine_takes_a_seed() -> None:
    assert [spec.name for spec in load_catalogue().engines if "seed" not in spec.parameters] == []


def test_a_catalogue_without_a_default_for_a_way_says_so() -> None:
    with pytest.raises(UnknownEngine, match="no default for instruction"):
        load_catalogue(DRILL).choose(Customise(instruction="make it red"))


def test_a_closed_engine_says_what_it_understands() -> None:
    lines = load_catalogue().find("starter-edit").instructions()
    assert [line.partition(":")[0] for line in lines] == [
        "colour",
        "pattern",
        "material",
        "background",
        "light",
        "size",
        "nothing",
    ]
    assert load_catalogue().find("starter-inpaint").instructions() == []


def test_an_unknown_engine_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownEngine, match="starter"):
        load_catalogue().choose(Recreate(engine="sd99"))


def test_no_parameter_is_silently_ignored() -> None:
    spec = load_catalogue().find("starter")
    with pytest.raises(InvalidField) as caught:
        spec.resolve(Recreate(negative_prompt="blur", image_guidance_scale=1, candidates=2, attempts=3))
    pointers = [problem.pointer for problem in caught.value.problems]
    assert pointers == ["#/negative_prompt", "#/image_guidance_scale"]


def test_bounds_of_the_engine_are_named() -> None:
    spec = load_catalogue(DRILL).find("drill")
    assert spec.resolve(Recreate(steps=7)) == {"prompt": "", "steps": 7, "strength": 0.01}
    with pytest.raises(InvalidField, match="at most 8"):
        spec.model_copy(
            update={"parameters": {"steps": spec.parameters["steps"].model_copy(update={"maximum": 8})}}
        ).resolve(Recreate(steps=9))


def test_a_variation_of_0_makes_the_same_picture_every_time() -> None:
    starter = load_catalogue().find("starter")
    parameters = {"variation": ParameterSpec(default=0.0, maximum=1), "seed": ParameterSpec()}
    spec = starter.model_copy(update={"parameters": parameters})
    assert spec.resolve(Recreate(variation=0.2, candidates=3)) == {"variation": 0.2}
    for asked in (Recreate(candidates=3), Recreate(variation=0, candidates=3)):
        assert spec.resolve(asked) == {"variation": 0.0}, "one image is made, and the result says why"
    assert (spec.varies({"variation": 0.1}), spec.varies({"variation": 0})) == (True, False)


def test_the_batch_key_tells_apart_what_cannot_share_a_run() -> None:
    spec = load_catalogue(DRILL).find("drill")
    key = PlannedRun.of(spec, Recreate(steps=7, seed=1)).batch_key(61, 64)
    assert key == PlannedRun.of(spec, Recreate(steps=7, seed=2)).batch_key(64, 58), "seed and padding do not matter"
    assert key != PlannedRun.of(spec, Recreate(steps=8)).batch_key(61, 64)
    assert key != PlannedRun.of(spec, Recreate(steps=7)).batch_key(65, 64)


def test_a_picture_of_several_tiles_shares_no_run_and_gets_more_time() -> None:
    spec = load_catalogue().find("starter")
    large = [PlannedRun.of(spec, Recreate()).batch_key(6000, 4000) for _ in range(2)]
    assert large[0] != large[1]
    assert spec.bound(Recreate(), 6000, 4000) == spec.timeout + 24 * spec.timeout_per_megapixel


def test_filling_by_a_map_shares_no_run_with_making_all_anew_by_it() -> None:
    spec = load_catalogue().find("sd15-canny")
    asked = {"prompt": "a shirt", "controls": [{"kind": "canny"}]}
    whole, part, other = (Customise(**asked, **more) for more in ({}, {"mask": "file"}, {"preserve": "product"}))
    of_whole, of_part, of_other = (PlannedRun.of(spec, task).batch_key(64, 64) for task in (whole, part, other))
    assert of_whole != of_part == of_other


def catalogue_of(tmp_path: Path, text: str):
    path = tmp_path / "own.toml"
    path.write_text(text)
    return load_catalogue(path)


OWN = """
extends = "shipped"

[[engine]]
name = "sd15-garments"
like = "sd15"
summary = "Stable Diffusion 1.5, tuned on our garments."
weights = "sd15-garments"
loras = ["our-light"]

[engine.parameters]
steps = { default = 20, minimum = 1, maximum = 50 }
"""


def test_a_catalogue_adds_to_the_one_that_ships(tmp_path: Path) -> None:
    shipped, own = load_catalogue(), catalogue_of(tmp_path, OWN)
    assert [spec.name for spec in own.engines] == [*(spec.name for spec in shipped.engines), "sd15-garments"]
    made, like = own.find("sd15-garments"), shipped.find("sd15")
    assert (made.family, made.canvas, made.pool) == (like.family, like.canvas, like.pool)
    assert (made.weights, made.loras, made.default_for) == ("sd15-garments", ["our-light"], [])
    assert made.parameters == {**like.parameters, "steps": ParameterSpec(default=20, minimum=1, maximum=50)}
    assert own.defaults(()) == shipped.defaults(())


def test_a_row_of_ones_own_stands_in_place_of_the_shipped_one(tmp_path: Path) -> None:
    row = 'extends = "shipped"\n[[engine]]\nname = "adain"\nlike = "starter"\nweights = "ours"'
    shipped, own = load_catalogue(), catalogue_of(tmp_path, row)
    assert [spec.name for spec in own.engines] == [spec.name for spec in shipped.engines]
    assert own.find("adain").weights == "ours"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('extends = "ours"', "may be 'shipped'"),
        ('extends = "shipped"\n[[engine]]\nname = "a"\nlike = "nobody"', "'nobody' stands before it"),
        ('[[engine]]\nname = "a"\n[[engine]]\nname = "a"', "a is there twice"),
        ('extends = "shipped"\n[[engine]]\nname = "a"\nlike = "starter"\nspeed = 3', "engine a: speed"),
        ("engine = 3", "table of its own"),
        ("engines = 3", "engines"),
    ],
)
def test_a_wrong_catalogue_says_what_is_wrong(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        catalogue_of(tmp_path, text)


def test_a_parameter_that_would_do_nothing_is_refused() -> None:
    vae = load_catalogue().find("vae")
    assert set(vae.resolve(Recreate(variation=0.5))) == {"variation"}
    assert {"label", "truncation"} < set(vae.resolve(Generate(label="pants")))
    with pytest.raises(
        InvalidField, match=r"label: the engine vae does not support it for recreate; it supports variation"
    ):
        vae.resolve(Recreate(label="pants"))
