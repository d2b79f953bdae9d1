"""What licences allow: no request that names no engine gets one that may not be used commercially."""

from pathlib import Path

import pytest

from likeness.contract.catalogue import load_catalogue
from likeness.contract.comparison import Compare
from likeness.contract.errors import EngineNotInstalled, InstructionNotUnderstood, NonCommercialEngine
from likeness.contract.licences import licensed_plan
from likeness.contract.tasks import Customise, Generate, Recreate

CATALOGUE = load_catalogue()
PULLED = CATALOGUE.missing(())
FREE = [
    Recreate(),
    Recreate(guidance_scale=3),
    Generate(prompt="a red shoe"),
    *(
        Customise(instruction=words, guidance_scale=scale)
        for words in ("give it yellow stripes", "make it denim", "make it red", "turn the dog into a cat")
        for scale in (None, 2.5)
    ),
]


def test_every_default_may_be_used_commercially() -> None:
    ranked = {name for row in CATALOGUE.preference for name in row.engines}
    assert ranked and [name for name in ranked if CATALOGUE.find(name).commercial == "no"] == []
    pulled = {model.name: model for model in CATALOGUE.model}
    models = [pulled[name] for engine in ranked for name in CATALOGUE.find(engine).needs if name in pulled]
    assert models and [model.name for model in models if model.commercial == "no"] == []


def test_a_model_says_the_same_of_its_licence_as_the_engine_that_runs_on_it() -> None:
    pulled = {model.name: model.commercial for model in CATALOGUE.model}
    assert set(pulled.values()) == {"yes", "no", "conditions"}
    said = {spec.name: (spec.commercial, pulled[spec.weights]) for spec in CATALOGUE.engines if spec.weights in pulled}
    assert {name: pair for name, pair in said.items() if pair[0] != pair[1]} == {}


@pytest.mark.parametrize("task", FREE, ids=str)
def test_whatever_is_asked_without_a_name_goes_to_one_that_may(task: Recreate | Customise | Generate) -> None:
    assert CATALOGUE.choose(task).commercial != "no"


def test_the_only_editor_that_could_is_not_taken_for_it() -> None:
    with pytest.raises(InstructionNotUnderstood):
        CATALOGUE.choose(Customise(instruction="turn the dog into a cat"), PULLED - {"flux-kontext"})


def test_every_row_says_where_its_licence_is_and_the_same_of_the_same() -> None:
    said = {(spec.licence, spec.commercial, spec.licence_url) for spec in CATALOGUE.engines}
    assert all(url for _, _, url in said) and len(said) == len({licence for licence, _, _ in said})
    assert {spec.name for spec in CATALOGUE.engines if spec.commercial == "no"} == {"flux-kontext"}


def test_a_catalogue_cannot_make_one_a_default(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    row = '[[engine]]\nname = "mine"\nlike = "flux-kontext"\n'
    own.write_text(f'extends = "shipped"\n{row}')
    assert load_catalogue(own).find("mine").commercial == "no", "as the one that it is like"
    own.write_text(f'extends = "shipped"\n{row}default_for = ["instruction"]\n')
    with pytest.raises(ValueError, match=r"engine mine: .*runs only where it is named"):
        load_catalogue(own)
    own.write_text('extends = "shipped"\n[[preference]]\nof = "instruction"\nengines = ["flux-kontext"]\n')
    with pytest.raises(ValueError, match="preference of instruction: flux-kontext may not be used commercially"):
        load_catalogue(own)


def test_one_that_is_named_runs_only_where_that_is_allowed() -> None:
    named = Customise(instruction="make it red", engine="flux-kontext")
    compared = Compare.model_validate(
        {"task": {"kind": "customise", "instruction": "make it red"}, "runs": [{"engine": "flux-kontext"}]}
    )
    for task in (named, compared):
        for missing in (set(), PULLED):
            with pytest.raises(NonCommercialEngine, match=r"flux-kontext.*LIKENESS_NONCOMMERCIAL=true"):
                licensed_plan(task, CATALOGUE, missing, noncommercial=False)
        assert licensed_plan(task, CATALOGUE, (), noncommercial=True).runs[0].spec.name == "flux-kontext"
        with pytest.raises(EngineNotInstalled):
            licensed_plan(task, CATALOGUE, PULLED, noncommercial=True)
