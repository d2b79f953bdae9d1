"""LoRA adapters (Hu et al. 2021, arXiv:2106.09685): small additions to an engine's networks, active for one run."""

from collections.abc import Mapping
from typing import Any

from likeness.contract.engines import EngineSpec
from likeness.contract.errors import EngineFailed
from worker.components import Components
from worker.diffusion.schedulers import TRAILING
from worker.engine import EngineTask

ALWAYS = "adapter"
"""The part of an engine that is always active: what lets it draw in few steps."""


class Adapters:
    """The adapters of one engine. Networks may be shared, so every run sets those that it needs."""

    def __init__(self, whole: Any, spec: EngineSpec, components: Components) -> None:  # noqa: ANN401  a pipeline
        """Take a pipeline with all networks that adapters change. Raises EngineFailed without the one always active."""
        self._whole, self._spec, self._components = whole, spec, components
        self._always = spec.parts.get(ALWAYS)
        if self._always:
            self._load(self._always)

    def activate(self, requested: Mapping[str, float]) -> None:
        """Activate the one that is always active and those requested, each with its weight, and no other.

        Raises EngineFailed when one is not installed.
        """
        weights = ({self._always: 1.0} if self._always else {}) | dict(requested)
        for name in weights:
            self._load(name)
        if not self._known():
            return
        if weights:
            self._whole.enable_lora()
            self._whole.set_adapters([_key(name) for name in weights], list(weights.values()))
        else:
            self._whole.disable_lora()

    def distilled(self, task: EngineTask) -> bool:
        """Return whether a task runs with an adapter, by the scheduler whose few times such a one was trained at."""
        return task.word("scheduler") == TRAILING and bool(self._always or task.loras)

    def _load(self, name: str) -> None:
        if _key(name) in self._known():
            return
        try:
            folder = self._components.folder(name)
            self._whole.load_lora_weights(folder, adapter_name=_key(name), local_files_only=True, use_safetensors=True)
        except (OSError, ValueError, RuntimeError) as error:
            raise EngineFailed(f"the adapter {name} could not be loaded: {error}") from error
        if _key(name) not in self._known():
            raise EngineFailed(f"the adapter {name} has no weights for the networks of {self._spec.name}")

    def _known(self) -> set[str]:
        listed = self._whole.get_list_adapters()
        return {name for names in listed.values() for name in names}


def _key(name: str) -> str:
    """Return a name as a network's modules may be called."""
    return name.replace(".", "-")
