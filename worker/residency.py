"""Which engines this worker holds in memory, and which make room when another is needed."""

import importlib
import os
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import structlog

from likeness.contract.catalogue import EngineSpec
from likeness.contract.errors import EngineFailed
from likeness.imaging.colour import Floats
from worker.components import Components, Weights
from worker.config import Settings
from worker.engine import Engine, Family, Thrifty

if TYPE_CHECKING:
    from worker.captioner import Captioner
    from worker.segmenter import Segmenter

CAPTIONER = "captioner"
"""Its folder below the models, where no setting names another."""
SEGMENTER = "segmenter"
"""Its folder below the weights."""
SHARE = 0.9
"""Of a device's memory, where no bound is set: the rest is for what is not counted."""
PARKING = 0.5
"""Of the free memory of the machine, at most, for engines that were moved off the GPU."""
CGROUP = Path("/sys/fs/cgroup/memory.max")

log = structlog.get_logger()


class Residents:
    """Engines, each loaded once, when first needed or ahead of time; the least recently used goes when room is needed.

    Only `engine` takes anything out of memory, and a run calls it once, before its first batch.
    """

    def __init__(self, components: Components, memory: int | None = None, captioner: str = CAPTIONER) -> None:
        self.components = components
        self._captioner_model = captioner
        self._captioner: Captioner | None = None
        self._budget = memory or round(SHARE * device_memory(components.device))
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._parked: set[str] = set()
        self._segmenter: Segmenter | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Residents":
        """Return nothing resident yet, as the settings say."""
        weights = Weights(settings.weights, settings.models)
        return cls(
            Components(weights, pick_device(settings.device), settings.dtype), settings.memory, settings.captioner
        )

    @property
    def device(self) -> str:
        """The torch device that engines run on."""
        return self.components.device

    @property
    def budget(self) -> int:
        """Bytes that engines may take."""
        return self._budget

    def product(self, rgb: Floats) -> Floats:
        """Return where the product is, H x W in 0..1, of H x W x 3. Raises EngineFailed when the model is missing."""
        if self._segmenter is None:
            self._segmenter = self._load_segmenter()
        return self._segmenter.product(rgb)

    def _load_segmenter(self) -> "Segmenter":
        from worker.segmenter import load  # torch is slow to import, and the drill needs none of it

        try:
            return load(self.components.folder(SEGMENTER), self.device)
        except (OSError, ValueError, RuntimeError) as error:
            raise EngineFailed(f"the product segmenter could not be loaded: {error}") from error

    def caption(self, rgb: Floats) -> str | None:
        """Return what H x W x 3 in 0..1 shows, in words, or None without a captioner. Raises EngineFailed."""
        if self._captioner is None:
            self._captioner = self._load_captioner()
        return None if self._captioner is None else self._captioner.caption(rgb)

    @property
    def no_captioner(self) -> str:
        """Why there is no caption where one was wanted."""
        return f"no captioner is installed: likeness models pull {self._captioner_model}"

    def _load_captioner(self) -> "Captioner | None":
        try:
            folder = self.components.folder(self._captioner_model)
        except FileNotFoundError:
            return None
        import torch  # both are slow to import, and most runs need no caption

        from worker.captioner import load

        try:
            return load(folder, self.device, torch.float32 if self.device == "cpu" else self.components.dtype)
        except (OSError, ValueError, RuntimeError) as error:
            raise EngineFailed(f"the captioner could not be loaded: {error}") from error

    def names(self) -> list[str]:
        """Return the names of the engines in memory, the least recently used first."""
        return [name for name in list(self._engines) if name not in self._parked]

    def has(self, spec: EngineSpec) -> bool:
        """Return whether everything that an engine runs on is installed."""
        return self.components.weights.has(spec)

    def preload(self, specs: Sequence[EngineSpec]) -> None:
        """Load these engines now. Raises EngineFailed."""
        for spec in specs:
            self.engine(spec)

    def engine(self, spec: EngineSpec) -> Engine:
        """Return an engine, loading it when it is not resident. Raises EngineFailed when that is not possible."""
        if spec.name not in self._engines or spec.name in self._parked:
            self._make_room(spec)
        if spec.name not in self._engines:
            log.info("loading engine", engine=spec.name, revision=spec.revision, device=self.device)
            self._engines[spec.name] = self._load(spec)
        elif spec.name in self._parked:
            self.components.move(spec.name, self.device)
            self._parked.discard(spec.name)
        self._engines.move_to_end(spec.name)
        return self._engines[spec.name]

    def relieve(self, spec: EngineSpec) -> str | None:
        """Free memory after a picture of this engine did not fit alone; return what was done, or None: nothing is left.

        First every other engine goes, then the engine itself saves memory, one measure at a time.
        """
        others = [name for name in self._engines if name != spec.name]
        if others:
            for name in others:
                self._drop(name)
            return "other engines unloaded"
        engine = self._engines[spec.name]
        return engine.save_memory() if isinstance(engine, Thrifty) else None

    def relax(self, spec: EngineSpec) -> None:
        """Let an engine spend memory again."""
        engine = self._engines.get(spec.name)
        if isinstance(engine, Thrifty):
            engine.spend_memory()

    def _load(self, spec: EngineSpec) -> Engine:
        try:
            family = cast(Family, importlib.import_module(f"worker.engines.{spec.family}"))
            with self.components.loading(spec.name):
                return family.load(spec, self.components)
        except (ImportError, OSError, ValueError, RuntimeError) as error:
            raise EngineFailed(f"the engine {spec.name} could not be loaded: {error}") from error

    def _make_room(self, spec: EngineSpec) -> None:
        need = spec.memory or 0
        for name in self.names():
            if self._held() + need <= self._budget:
                return
            if name != spec.name:
                self._evict(name)

    def _held(self) -> int:
        parked = sum(self.components.size(name) for name in self._parked)
        return self.components.size() - parked

    def _evict(self, name: str) -> None:
        """Move an engine to the machine's memory where there is room for it, else drop it."""
        if self.device == "cpu" or self.components.size(name) > PARKING * free_memory():
            self._drop(name)
            return
        log.info("engine moved off the device", engine=name)
        self.components.move(name, "cpu")
        self._parked.add(name)

    def _drop(self, name: str) -> None:
        log.info("engine unloaded", engine=name)
        del self._engines[name]
        self._parked.discard(name)
        self.components.release(name)


def pick_device(asked: str) -> str:
    """Return a torch device: `asked`, or with `auto` the GPU when there is one."""
    if asked != "auto":
        return asked
    import torch  # slow to import, and the drill needs none of it

    return "cuda" if torch.cuda.is_available() else "cpu"


def device_memory(device: str) -> int:
    """Return the bytes of memory that a device has; of the machine, those its container may take."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.mem_get_info(device)[1])
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    bound = CGROUP.read_text().strip() if CGROUP.exists() else "max"
    return whole if bound == "max" else min(whole, int(bound))


def free_memory() -> int:
    """Return the bytes of the machine's memory that are free."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
