"""Which engines this worker holds in memory."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import structlog

from likeness.contract.catalogue import EngineSpec
from likeness.contract.errors import EngineFailed
from likeness.imaging.colour import Floats
from worker.engine import Engine, Family

if TYPE_CHECKING:
    from worker.segmenter import Segmenter

SEGMENTER = "segmenter"
"""Its folder below the weights."""

log = structlog.get_logger()


class Residents:
    """Engines, each loaded once, when first needed or ahead of time."""

    def __init__(self, weights: Path, device: str) -> None:
        self._weights = weights
        self._device = device
        self._engines: dict[str, Engine] = {}
        self._segmenter: Segmenter | None = None

    def product(self, rgb: Floats) -> Floats:
        """Return where the product is, H x W in 0..1, of H x W x 3. Raises EngineFailed when the model is missing."""
        if self._segmenter is None:
            self._segmenter = self._load_segmenter()
        return self._segmenter.product(rgb)

    def _load_segmenter(self) -> "Segmenter":
        from worker.segmenter import load  # torch is slow to import, and the drill needs none of it

        try:
            return load(self._weights / SEGMENTER, self._device)
        except (OSError, ValueError, RuntimeError) as error:
            raise EngineFailed(f"the product segmenter could not be loaded: {error}") from error

    def names(self) -> list[str]:
        """Return the names of the engines in memory."""
        return list(self._engines)

    def preload(self, specs: Sequence[EngineSpec]) -> None:
        """Load these engines now. Raises EngineFailed."""
        for spec in specs:
            self.engine(spec)

    def engine(self, spec: EngineSpec) -> Engine:
        """Return an engine, loading it when it is not resident. Raises EngineFailed when that is not possible."""
        if spec.name not in self._engines:
            log.info("loading engine", engine=spec.name, revision=spec.revision, device=self._device)
            self._engines[spec.name] = self._load(spec)
        return self._engines[spec.name]

    def _load(self, spec: EngineSpec) -> Engine:
        try:
            family = cast(Family, importlib.import_module(f"worker.engines.{spec.family}"))
            return family.load(spec, self._weights / spec.weights, self._device)
        except (ImportError, OSError, ValueError, RuntimeError) as error:
            raise EngineFailed(f"the engine {spec.name} could not be loaded: {error}") from error


def pick_device(asked: str) -> str:
    """Return a torch device: `asked`, or with `auto` the GPU when there is one."""
    if asked != "auto":
        return asked
    import torch  # slow to import, and the drill needs none of it

    return "cuda" if torch.cuda.is_available() else "cpu"
