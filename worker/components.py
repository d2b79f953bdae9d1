"""Networks in memory, each once: engines that are made of the same parts share them.

torch is slow to import, and an engine that needs none of it gets none.
"""

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from likeness.contract.engines import EngineSpec
from likeness.models.lockfile import Lockfile

if TYPE_CHECKING:
    import torch
    from torch import nn

Key = tuple[str, ...]
Part = TypeVar("Part")


@dataclass(frozen=True)
class Weights:
    """Where weights lie: the folder of those that ship, and that of the models that were pulled."""

    shipped: Path
    pulled: Path

    def folder(self, name: str) -> Path:
        """Return the folder of weights called `name`. Raises FileNotFoundError saying how to get them."""
        for place in (self.pulled, self.shipped):
            if (place / name).is_dir():
                return place / name
        raise FileNotFoundError(
            f"no folder {name!r} in {self.pulled} or {self.shipped}: copy the weights there, "
            f"or `likeness models pull {name}` if `likeness models list` shows it"
        )

    def has(self, spec: EngineSpec) -> bool:
        """Return whether everything that an engine runs on is there."""
        return all(any((place / name).is_dir() for place in (self.pulled, self.shipped)) for name in spec.needs)

    def commits(self, spec: EngineSpec) -> dict[str, str]:
        """Return the commits of the pulled models that an engine runs on, and of the adapters that it may put on."""
        locks = {name: Lockfile.read(self.pulled / name) for name in (*spec.needs, *spec.loras)}
        return {name: lock.commit for name, lock in locks.items() if lock}


@dataclass
class Entry:
    """One part in memory, and the engines that were loaded with it."""

    part: object
    users: set[str] = field(default_factory=set)
    offloaded: bool = False
    """Whether it lies in the machine's memory, off the device."""


class Components:
    """What engines are loaded from and onto: folders of weights, a device, numbers of one kind, shared parts."""

    def __init__(self, weights: Weights, device: str, dtype: str = "auto", compile: bool = False) -> None:
        self.weights, self.device, self.compile = weights, device, compile
        self._dtype = dtype
        self._entries: dict[Key, Entry] = {}
        self._user = ""
        self.offloaded: set[str] = set()
        """Engines that are off the device; what no other engine uses of them lies in the machine's memory."""

    def dtype(self, published: "torch.dtype") -> "torch.dtype":
        """Return the numbers that a large network runs in whose weights are published in 16 bits of this kind."""
        return pick_dtype(self._dtype, self.device, published)

    def folder(self, name: str) -> Path:
        """Return the folder of weights called `name`. Raises FileNotFoundError saying how to get them."""
        return self.weights.folder(name)

    def get(self, key: Key, make: Callable[[], Part]) -> Part:
        """Return the part known by `key`, on the device, made now when no engine has it yet."""
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = Entry(make())
        entry.users.add(self._user)
        self._place()
        return cast(Part, entry.part)

    @contextmanager
    def loading(self, engine: str) -> Iterator[None]:
        """Count what is got meanwhile as this engine's; when loading fails, give it back."""
        self._user = engine
        try:
            yield
        except BaseException:
            self.release(engine)
            raise

    def release(self, *engines: str) -> None:
        """Forget the parts that no other engine uses."""
        self.offloaded.difference_update(engines)
        for entry in self._entries.values():
            entry.users.difference_update(engines)
        self._entries = {key: entry for key, entry in self._entries.items() if entry.users}
        self._place()
        self.free_cache()

    def free_cache(self) -> None:
        """Give the device back what is allocated and in no use."""
        gc.collect()
        if self.device.startswith("cuda"):
            import torch

            torch.cuda.empty_cache()

    def offload(self, engine: str) -> None:
        """Move to the machine's memory what no engine on the device uses but this one."""
        self.offloaded.add(engine)
        self._place()
        self.free_cache()

    def bring_back(self, engine: str) -> None:
        """Move an engine back onto the device. Raises RuntimeError when it does not fit."""
        self.offloaded.discard(engine)
        self._place()

    def _place(self) -> None:
        """Move each part to where its users are: off the device only when all of them are."""
        for entry in self._entries.values():
            offloaded = entry.users <= self.offloaded
            if offloaded != entry.offloaded and (network := _network(entry.part)):
                network.to("cpu" if offloaded else self.device)
            entry.offloaded = offloaded

    def held(self) -> int:
        """Return the bytes of the parts on the device, each counted once."""
        return sum(bytes_of(entry.part) for entry in self._entries.values() if not entry.offloaded)

    def size(self, engine: str | None = None) -> int:
        """Return the bytes of all parts, or of those that one engine uses."""
        return sum(bytes_of(entry.part) for entry in self._entries.values() if engine is None or engine in entry.users)

    def networks(self, engine: str) -> "list[nn.Module]":
        """Return the networks that one engine uses."""
        found = (_network(entry.part) for entry in self._entries.values() if engine in entry.users)
        return [network for network in found if network is not None]


def _network(part: object) -> "nn.Module | None":
    return cast("nn.Module", part) if hasattr(part, "named_parameters") else None


def bytes_of(part: object) -> int:
    """Return the bytes of a network's weights, each counted once; 0 of what is none."""
    network = _network(part)
    if network is None:
        return 0
    tensors: Mapping[int, torch.Tensor] = {t.data_ptr(): t for t in (*network.parameters(), *network.buffers())}
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())


def pick_dtype(asked: str, device: str, published: "torch.dtype") -> "torch.dtype":
    """Return the numbers to run in: `asked`, or with `auto` those that the weights are published in, on a GPU.

    bfloat16 has three bits fewer than float16: weights that were published in float16 would be rounded, and images come
    out 8 to 10 times as far from float32's. A GPU before Ampere is slow with bfloat16 and gets float16; a CPU is quick
    with bfloat16 where it has instructions for it, and gets float32 elsewhere.
    """
    import torch

    if asked != "auto":
        return cast(torch.dtype, getattr(torch, asked))
    if device.startswith("cuda"):
        return published if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    quick = device == "cpu" and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.bfloat16 if quick else torch.float32
