"""A pretend GPU: a device of its own whose tensors lie in the CPU's memory, and which refuses what CUDA refuses.

It finds what a test on the CPU cannot: a tensor that was left on another device, a network that a memory measure moved
and did not bring back, a number type that a layer was not converted to. It is not quick, it
runs out of no memory, and automatic casting changes nothing on it.

    with pretend_gpu() as device:
        network.to(device)(torch.zeros(1, 3, device=device))
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.library import Library, fallthrough_kernel
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.backend_registration import _DummyBackendModule, _setup_privateuseone_for_python_backend

NAME = "pretend"
CPU = torch.device("cpu")
ATEN = torch.ops.aten
CROSSING = (
    ATEN.copy_.default,
    ATEN._to_copy.default,
    ATEN.index.Tensor,
    ATEN.index_put_.default,
    ATEN.index_put.default,
)
"""Operations that CUDA, too, lets read tensors of two devices."""
AUTOCAST = Library("_", "IMPL", "AutocastPrivateUse1")
WHOLE = (F.scaled_dot_product_attention, Tensor.__getitem__, Tensor.__setitem__)
"""Functions run on the memory itself: taken apart into operations, they would ask for kernels that are not there."""
READING = (Tensor.tolist, Tensor.item, Tensor.__bool__, Tensor.__float__, Tensor.__int__, Tensor.__index__)
"""Functions that bring a value to Python."""


class OnDevice(Tensor):
    """A tensor on the pretend GPU; `held` is its memory, a tensor on the CPU."""

    held: Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, held: Tensor) -> "OnDevice":
        """Return a tensor of the memory's own shape, strides and number type."""
        layout = {"strides": held.stride(), "storage_offset": held.storage_offset(), "layout": held.layout}
        with torch.inference_mode(False):  # a view of a parameter is no inference tensor
            made = Tensor._make_wrapper_subclass(cls, held.size(), dtype=held.dtype, device=device(), **layout)
        made.held = held
        return made

    def __init__(self, held: Tensor) -> None:
        """Do nothing more: the memory is held already."""

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None) -> Any:
        """Run one operation."""
        return _run(func, args, kwargs or {})

    def __repr__(self) -> str:
        """Return what it is, not what it holds."""
        return f"OnDevice({tuple(self.shape)}, {self.dtype})"


class _Module(_DummyBackendModule):
    """What torch asks of a device."""

    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        """Return the number types of autocasting."""
        return [torch.float16, torch.bfloat16, torch.float32]

    def get_rng_state(self, _device: int = 0) -> Tensor:
        """Return the state of its random numbers, which are the processor's."""
        return torch.get_rng_state()

    def set_rng_state(self, state: Tensor, _device: int = 0) -> None:
        """Set it back: torch.random.fork_rng asks every device for both, in whatever test runs after."""
        torch.set_rng_state(state)


@cache
def device() -> torch.device:
    """Return the device, which is registered with torch when first asked for and stays so."""
    _setup_privateuseone_for_python_backend(NAME, _Module())
    AUTOCAST.fallback(fallthrough_kernel)
    return torch.device(NAME, 0)


@contextmanager
def pretend_gpu() -> Iterator[torch.device]:
    """Let tensors be made on and moved to the device that this yields."""
    found = device()
    with ExitStack() as modes:
        modes.enter_context(_Functions())
        modes.enter_context(_Operations())
        yield found


def _here(place: Any) -> bool:
    return place is not None and torch.device(place).type == NAME


def _memory(value: Any) -> Any:
    """Return a value with the CPU's memory in place of every tensor on the device, and of the device."""
    if isinstance(value, OnDevice):
        return value.held
    if isinstance(value, torch.device):
        return CPU
    if isinstance(value, dict):
        return {name: _memory(one) for name, one in value.items()}
    return type(value)(map(_memory, value)) if type(value) in (tuple, list) else value


def _wrapped(value: Any) -> Any:
    """Return what an operation made, on the device."""
    if isinstance(value, Tensor):
        return value if isinstance(value, OnDevice) else OnDevice(value)
    return type(value)(map(_wrapped, value)) if type(value) in (tuple, list) else value


def _leaves(values: Iterable[Any]) -> Iterator[Any]:
    """Yield the arguments, and what lies in lists among them: torch's own walk of any tree takes far longer."""
    for value in values:
        if type(value) in (tuple, list):
            yield from _leaves(value)
        else:
            yield value


def _given(args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
    """Return all that is given to an operation."""
    return [*_leaves(args), *_leaves(kwargs.values())]


def _check(func: Any, tensors: Sequence[Tensor]) -> None:
    """Raise RuntimeError where CUDA would, for tensors of two devices; a number may lie anywhere."""
    elsewhere = [one for one in tensors if not isinstance(one, OnDevice) and one.ndim > 0]
    if elsewhere and len(elsewhere) < len(tensors) and func not in CROSSING:
        raise RuntimeError(f"Expected all tensors to be on the same device, but {func} got some on two")


@cache
def _in_place(func: Any) -> bool:
    """Return whether an operation writes to its first argument: `add_` and `__iand__` do, `__and__` does not."""
    written = func._schema.arguments[0].alias_info
    return written is not None and written.is_write


def _run(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    if func is ATEN._has_compatible_shallow_copy_type.default:
        return False
    given = _given(args, kwargs)
    tensors = [one for one in given if isinstance(one, Tensor)]
    ours = any(isinstance(one, OnDevice) for one in tensors)
    if ours:
        _check(func, tensors)
    place = next((one for one in given if isinstance(one, torch.device)), None)
    if not ours and not _here(place):
        return func(*args, **kwargs)
    made = func(*_memory(args), **_memory(dict(kwargs)))
    if ours and _in_place(func):
        return args[0]
    stays = _here(place) if place is not None else ours
    return _wrapped(made) if stays else made


class _Operations(TorchDispatchMode):
    """Makes tensors on the device, which no tensor among an operation's arguments announces."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None) -> Any:
        return _run(func, args, kwargs or {})


class _Functions(TorchFunctionMode):
    """Runs what torch would not hand down as operations."""

    def __torch_function__(self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None) -> Any:
        given = dict(kwargs or {})
        if func in READING or func in WHOLE:
            return self._on_memory(func, args, given)
        if func in (torch.tensor, torch.as_tensor):
            here = _here(given.get("device"))
            made = func(*_memory(args), **given | ({"device": "cpu"} if here else {}))
            return OnDevice(made.clone()) if here else made
        return func(*args, **given)

    def _on_memory(self, func: Any, args: Sequence[Any], given: dict[str, Any]) -> Any:
        tensors = [one for one in _given(args, given) if isinstance(one, Tensor)]
        if not any(isinstance(one, OnDevice) for one in tensors):
            return func(*args, **given)
        if func in READING:
            return func(*_memory(args))
        _check(CROSSING[0] if func is not WHOLE[0] else func, tensors)
        return _wrapped(func(*_memory(args), **_memory(given)))
