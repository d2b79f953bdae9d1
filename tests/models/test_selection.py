"""Which models a name stands for."""

from pathlib import Path

import pytest

from likeness.contract.catalogue import Catalogue, load_catalogue
from likeness.models.selection import engines_on, model_named, models_for
from likeness.problems import LocalProblem
from tests.models.conftest import CATALOGUE


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    (tmp_path / "catalogue.toml").write_text(CATALOGUE)
    return load_catalogue(tmp_path / "catalogue.toml")


def names(catalogue: Catalogue, *asked: str) -> list[str]:
    return [spec.name for spec in models_for(catalogue, asked)]


def test_an_engine_is_all_it_needs_a_group_all_of_its_name_a_model_itself(catalogue: Catalogue) -> None:
    assert names(catalogue, "tiny") == ["tiny-vae", "tiny-words"]
    assert names(catalogue, "metrics") == ["metrics-clip", "metrics-tiny"]
    assert names(catalogue, "metrics-tiny", "tiny", "tiny-vae") == ["metrics-tiny", "tiny-vae", "tiny-words"]
    with pytest.raises(LocalProblem, match="no engine, model or group called sd99"):
        names(catalogue, "sd99")


def test_an_engine_goes_before_a_model_of_its_name(catalogue: Catalogue) -> None:
    engine = catalogue.engines[0].model_copy(update={"name": "sdxl", "parts": {"words": "sdxl"}})
    assert names(catalogue.model_copy(update={"engine": [engine]}), "sdxl") == ["tiny-vae", "sdxl"]


def test_only_models_are_named_for_removal(catalogue: Catalogue) -> None:
    assert model_named(catalogue, "tiny-vae").repository == "maker/vae"
    with pytest.raises(LocalProblem, match="it runs on: tiny-vae, tiny-words"):
        model_named(catalogue, "tiny")
    with pytest.raises(LocalProblem, match="what ships with Likeness"):
        model_named(load_catalogue(), "starter")


def test_who_needs_a_model(catalogue: Catalogue) -> None:
    assert [engine.name for engine in engines_on(catalogue, "tiny-words")] == ["tiny"]
    assert engines_on(catalogue, "metrics-tiny") == []


def test_a_model_of_ones_own_goes_before_the_one_of_its_name_that_ships(catalogue: Catalogue) -> None:
    (own,) = [spec for spec in catalogue.model if spec.name == "metrics-clip"]
    assert own.repository == "maker/words"
    assert len({spec.name for spec in catalogue.model}) == len(catalogue.model)
