"""Which models a name stands for, and which engines need a model."""

from collections.abc import Sequence

from likeness.contract.catalogue import Catalogue
from likeness.contract.engines import EngineSpec, ModelSpec
from likeness.problems import LocalProblem

GROUPS = ("metrics",)
"""Names that stand for every model whose name begins so."""


def models_for(catalogue: Catalogue, names: Sequence[str]) -> list[ModelSpec]:
    """Return the models that engines, groups and models of these names are made of, each once.

    An engine goes before a model of the same name. Raises LocalProblem for a name that is none.
    """
    found = [spec for name in names for spec in _of(catalogue, name)]
    return list({spec.name: spec for spec in found}.values())


def model_named(catalogue: Catalogue, name: str) -> ModelSpec:
    """Return the model called `name`. Raises LocalProblem, for an engine with the models that it runs on."""
    models = {spec.name: spec for spec in catalogue.model}
    if name in models:
        return models[name]
    parts = [spec.name for spec in _of(catalogue, name)]
    raise LocalProblem(f"{name} is no model; it runs on: {', '.join(parts) or 'what ships with Likeness'}")


def engines_on(catalogue: Catalogue, model: str) -> list[EngineSpec]:
    """Return the engines that need a model."""
    return [engine for engine in catalogue.engines if model in engine.needs]


def _of(catalogue: Catalogue, name: str) -> list[ModelSpec]:
    engines = [engine for engine in catalogue.engines if engine.name == name]
    if engines:
        needs = engines[0].needs
        return [spec for spec in catalogue.model if spec.name in needs]
    if name in GROUPS:
        return [spec for spec in catalogue.model if spec.name.startswith(f"{name}-")]
    if found := [spec for spec in catalogue.model if spec.name == name]:
        return found
    raise LocalProblem(f"there is no engine, model or group called {name}; `likeness models list` names the models")
