"""Names of models that programs written for OpenAI send, and the engines that stand for them by setting."""

from collections.abc import Mapping
from typing import Final

from likeness.contract.catalogue import Catalogue

DEFAULT: Final = "default"
"""Stands for the engine that each call has where it names none."""

Aliases = Mapping[str, str]
"""The engine by the model's name, as `LIKENESS_OPENAI_MODELS` says."""


def check_aliases(aliases: Aliases, catalogue: Catalogue) -> None:
    """Raise ValueError for an alias that is an engine's name, or that stands for an engine that is not there."""
    engines = {spec.name for spec in catalogue.engines}
    for alias, name in aliases.items():
        if alias in engines:
            raise ValueError(f"LIKENESS_OPENAI_MODELS: {alias!r} is an engine itself")
        if name != DEFAULT and name not in engines:
            known = ", ".join([DEFAULT, *sorted(engines)])
            raise ValueError(f"LIKENESS_OPENAI_MODELS: {alias!r} stands for {name!r}; there are: {known}")


def engine_of(model: str | None, aliases: Aliases) -> str | None:
    """Return the engine's name that a request's `model` means, None where it leaves the choice."""
    name = model if model is None else aliases.get(model, model)
    return None if name == DEFAULT and model in aliases else name
