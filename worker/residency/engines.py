"""Which engines this worker holds in memory, and which make room when another is needed."""

import importlib
from collections import Counter, OrderedDict
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from typing import cast

import structlog

from likeness.contract.engines import EngineSpec
from likeness.contract.errors import EngineFailed, OutOfMemory
from likeness.imaging.colour import Bytes, Floats
from likeness.imaging.packshot.cutout import Box
from likeness.problems import LocalProblem
from worker.components import Components, Weights
from worker.config import Settings
from worker.engine import Engine, Family, SavesMemory
from worker.failures import out_of_memory
from worker.residency import device
from worker.residency.auxiliary import CAPTIONER, Auxiliary
from worker.residency.shortages import Shortages
from worker.residency.warm_up import warm_up

SHARE = 0.9
"""Of a device's memory, where no bound is set: the rest is for what is not counted."""
OFFLOAD_SHARE = 0.5
"""Of the free memory of the machine, at most, for engines that were moved off the GPU."""
LOADED, UNLOADED, OFFLOADED, BROUGHT_BACK = "loaded", "unloaded", "moved off", "moved back"
OUT_OF_MEMORY = "out of memory"

log = structlog.get_logger()


class Residents:
    """Engines, each loaded once, when first needed or ahead of time; the least recently used goes when room is needed.

    Only `engine` takes anything out of memory, and a run calls it once, before its first batch.
    """

    def __init__(self, components: Components, memory: int | None = None, captioner: str = CAPTIONER) -> None:
        self.components = components
        self._auxiliary = Auxiliary(components, captioner)
        self._budget = memory or round(SHARE * device.device_memory(components.device))
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._commits: dict[str, dict[str, str]] = {}
        self.tally: Counter[tuple[str, str]] = Counter()
        """How often an engine was loaded, unloaded, moved off the device, moved back, or ran out of memory."""
        self.shortages = Shortages()
        self.held = 0
        """Bytes that engines took of the device when one last came or went."""

    @classmethod
    def of(cls, settings: Settings) -> "Residents":
        """Return nothing resident yet, as the settings say."""
        weights = Weights(settings.weights, settings.models)
        picked = device.pick_device(settings.device)
        device.prepare(picked)
        components = Components(weights, picked, settings.dtype, settings.compile)
        return cls(components, settings.memory, settings.captioner)

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
        return self._auxiliary.product(rgb)

    def hanger(self, rgb: Bytes, alpha: Bytes) -> float | None:
        """Return how probable it is that a hanger shows in a cut-out; None where that cannot be told."""
        return self._auxiliary.hanger(rgb, alpha)

    def texts(self, rgb: Bytes) -> list[Box] | None:
        """Return where there is text in H x W x 3 in 0..255; None where the detector is not there."""
        return self._auxiliary.texts(rgb)

    def enlarged(self, rgb: Bytes) -> Bytes | None:
        """Return H x W x 3 in 0..255 enlarged by a network; None where none is there. Raises EngineFailed."""
        return self._auxiliary.enlarged(rgb)

    def caption(self, rgb: Floats) -> str | None:
        """Return what H x W x 3 in 0..1 shows, in words, or None without a captioner. Raises EngineFailed."""
        return self._auxiliary.caption(rgb)

    @property
    def no_captioner(self) -> str:
        """Why there is no caption where one was wanted."""
        return self._auxiliary.no_captioner

    @cached_property
    def device_name(self) -> str:
        """What images are made on: the model of the GPU, or `cpu`."""
        return device.name_of(self.device)

    def names(self) -> list[str]:
        """Return the names of the engines in memory, the least recently used first."""
        return [name for name in list(self._engines) if name not in self.components.offloaded]

    def has(self, spec: EngineSpec) -> bool:
        """Return whether everything that an engine runs on is installed."""
        return self.components.weights.has(spec)

    def commits(self, spec: EngineSpec, loras: Collection[str] = ()) -> dict[str, str]:
        """Return the commits of the models that a resident engine runs on, those of the run's adapters among them.

        Raises EngineFailed when what is said about a model cannot be read.
        """
        if spec.name not in self._commits:
            try:
                self._commits[spec.name] = self.components.weights.commits(spec)
            except LocalProblem as error:
                raise EngineFailed(f"what {spec.name} runs on is not known: {error}") from error
        used = (*spec.needs, *loras)
        return {name: commit for name, commit in self._commits[spec.name].items() if name in used}

    def preload(self, specs: Sequence[EngineSpec]) -> None:
        """Load these engines now; compiled ones make a small picture, since compiling is put off to the first.

        Raises EngineFailed or OutOfMemory.
        """
        for spec in specs:
            engine = self.engine(spec)
            if self.components.compile:
                warm_up(engine, spec)

    def engine(self, spec: EngineSpec) -> Engine:
        """Return an engine, loading it when it is not resident.

        Raises EngineFailed, or OutOfMemory when it does not even fit alone.
        """
        try:
            return self._ready(spec)
        except OutOfMemory:
            if not self.drop_others(spec):
                raise
        return self._ready(spec)

    def save_memory(self, spec: EngineSpec) -> str | None:
        """Let an engine do with less memory by one more measure; return its name, or None when none is left."""
        engine = self._engines[spec.name]
        return engine.save_memory() if isinstance(engine, SavesMemory) else None

    def drop_others(self, spec: EngineSpec) -> bool:
        """Unload every engine but this one, and what is beside them; return whether there was any."""
        others = [name for name in self._engines if name != spec.name]
        self._drop(*others)
        return self._auxiliary.drop() or bool(others)

    def relax(self, spec: EngineSpec) -> None:
        """Let an engine spend memory again; one that cannot is unloaded, and comes back fresh when it is needed."""
        engine = self._engines.get(spec.name)
        try:
            if isinstance(engine, SavesMemory):
                engine.spend_memory()
        except (RuntimeError, MemoryError) as error:
            log.warning("engine could not spend memory again", engine=spec.name, error=str(error))
            self._drop(spec.name)

    def arithmetic(self, *, exact: bool) -> AbstractContextManager[None]:
        """Return the way that a GPU is to calculate: in a set order where the result is to be exact."""
        return device.deterministic() if exact and self.device.startswith("cuda") else nullcontext()

    def answers(self) -> bool:
        """Return whether the device still works."""
        return device.works(self.device)

    def note(self, engine: str, event: str) -> None:
        """Count what happened to an engine's memory."""
        self.tally[engine, event] += 1
        self.held = self.components.held()

    def _ready(self, spec: EngineSpec) -> Engine:
        if spec.name not in self.names():
            self._make_room(spec)
            with self._told(spec):
                self._bring(spec)
        self._engines.move_to_end(spec.name)
        return self._engines[spec.name]

    def _bring(self, spec: EngineSpec) -> None:
        """Load an engine, or move it back onto the device."""
        if spec.name in self._engines:
            self.components.bring_back(spec.name)
            self.note(spec.name, BROUGHT_BACK)
            return
        log.info("loading engine", engine=spec.name, revision=spec.revision, device=self.device)
        family = cast(Family, importlib.import_module(f"worker.engines.{spec.family}"))
        with self.components.loading(spec.name):
            self._engines[spec.name] = family.load(spec, self.components)
        self.note(spec.name, LOADED)

    @contextmanager
    def _told(self, spec: EngineSpec) -> Iterator[None]:
        """Translate what goes wrong while an engine is brought onto the device, and leave nothing of it there."""
        try:
            yield
        except (ImportError, AttributeError, OSError, ValueError, RuntimeError, MemoryError) as error:
            if spec.name in self._engines:
                self._drop(spec.name)
            if out_of_memory(error):
                self.note(spec.name, OUT_OF_MEMORY)
                raise OutOfMemory(
                    f"the engine {spec.name} does not fit into this worker's memory: choose a smaller engine, "
                    "or give the worker a device with more"
                ) from error
            raise EngineFailed(f"the engine {spec.name} could not be loaded: {error}") from error

    def _make_room(self, spec: EngineSpec) -> None:
        """Take engines off the device, the least recently used first, then what is beside them, until this one fits."""
        need = spec.memory or self.components.size(spec.name)
        for name in self.names():
            if self._fits(need):
                return
            self._evict(name)
        if not self._fits(need):
            self._auxiliary.drop()
        if not self._fits(need):
            log.warning("engine over the budget", engine=spec.name, memory=need, budget=self._budget)

    def _fits(self, need: int) -> bool:
        """Return whether so many bytes more are within the budget, and there: other processes may have taken some."""
        held = self.components.held() + self._auxiliary.held()
        return held + need <= self._budget and need <= device.room_on(self.device)

    def _evict(self, name: str) -> None:
        """Move an engine to the machine's memory where there is room for it, else drop it."""
        if self.device == "cpu" or self.components.size(name) > OFFLOAD_SHARE * device.free_memory():
            self._drop(name)
            return
        log.info("engine moved off the device", engine=name)
        self.components.offload(name)
        self.note(name, OFFLOADED)

    def _drop(self, *names: str) -> None:
        for name in names:
            log.info("engine unloaded", engine=name)
            del self._engines[name]
        self.components.release(*names)
        for name in names:
            self.note(name, UNLOADED)
