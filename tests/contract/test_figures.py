"""Recorded figures: which of them are an engine's, and what a new measurement replaces."""

from likeness.contract.catalogue import load_catalogue
from likeness.contract.figures import Figures, Measured, defaults, load_figures

STARTER = load_catalogue().find("starter")


def measured(engine: str = "starter", command: str = "one", ssim: float = 0.5, **parameters) -> Measured:
    return Measured(
        engine=engine,
        revision=STARTER.revision,
        kind="recreate",
        parameters=defaults(STARTER, "recreate") | parameters,
        pictures=2,
        figures={"ssim": ssim},
        command=command,
        machine="a machine",
    )


def test_an_engine_has_what_was_measured_of_its_revision_with_its_defaults() -> None:
    found = Figures(measured=[measured(), measured(strength=0.3), measured("sd15")])
    assert found.of(STARTER) == [measured()]
    assert found.of(STARTER.model_copy(update={"revision": "another"})) == []


def test_a_new_measurement_replaces_only_the_same_engine_by_the_same_command() -> None:
    old = Figures(measured=[measured(), measured(strength=0.3), measured(command="two"), measured("vae")])
    new = old.with_new([measured(ssim=0.9)], order=["vae", "starter"])
    assert new.measured == [measured("vae"), measured(command="two"), measured(ssim=0.9)]


def test_what_is_no_longer_in_the_catalogue_is_dropped() -> None:
    assert Figures(measured=[measured("gone")]).with_new([], order=["starter"]).measured == []


def test_what_ships_is_of_engines_that_ship() -> None:
    names = [spec.name for spec in load_catalogue().engines]
    assert load_figures().measured
    assert {one.engine for one in load_figures().measured} <= set(names)
