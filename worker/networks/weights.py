"""How networks get their weights: read from safetensors on this machine, placed on a device, or started at zero."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

Network = TypeVar("Network", bound=nn.Module)
FLOATS = ("F16", "BF16", "F32", "F64")
"""Numbers that weights are published in, as safetensors calls them."""
WEIGHTS = (".weight", ".bias")
"""How the names of weights end; other tensors may be counts or positions."""
NAMED = 3
"""How many tensors of a kind an error names; of the others it says how many there are."""


def load_pretrained(kind: type[Network], folder: Path, dtype: torch.dtype, variant: str | None = None) -> Network:
    """Load a network of diffusers or transformers, on the CPU and in evaluation mode.

    Raises OSError when it is not there, not in safetensors, or when its tensors are not exactly those of the network:
    both libraries would draw the missing ones at random and go on. Nor are tensors taken whose numbers are not plain
    floating point: quantised weights mean nothing without what scales them.
    """
    published: Any = kind  # both libraries have this method, and no typed base that says so
    asked = {"dtype": dtype, "variant": variant, "use_safetensors": True, "local_files_only": True}
    if kind.__name__.startswith("Auto") and kind.__module__.startswith("transformers."):
        asked["trust_remote_code"] = False  # a class that reads from the folder which class it is
    report = {"output_loading_info": True, "ignore_mismatched_sizes": True}  # refused below, with all others
    try:
        network, info = published.from_pretrained(folder, **asked, **report)
    except SafetensorError as error:
        raise OSError(f"{folder} holds no {kind.__name__}: {error}") from error
    if fault := _fault(info) or _quantised(folder):
        raise OSError(f"{folder} holds no whole {type(network).__name__}: {fault}. Copy or pull these weights anew")
    loaded: Network = network.eval()
    return loaded


def load_float32(kind: type[Network], folder: Path) -> Network:
    """Load a network of diffusers or transformers in float32, on the CPU and in evaluation mode.

    Raises OSError when it is not there, not in safetensors, or not whole.
    """
    return load_pretrained(kind, folder, torch.float32).float()


def _fault(info: Mapping[str, Iterable[Any]]) -> str:
    """Return which tensors are missing, of another shape or left over; an empty text when none is."""
    found = {
        "missing": sorted(info["missing_keys"]),
        "of another shape": sorted(name for name, *_ in info["mismatched_keys"]),
        "unexpected": sorted(info["unexpected_keys"]),
    }
    return "; ".join(f"{what}: {_listed(names)}" for what, names in found.items() if names)


def _quantised(folder: Path) -> str:
    """Return which weights are in numbers that are not plain floating point; an empty text when none is."""
    found = []
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, "pt") as tensors:
            kinds = {name: tensors.get_slice(name).get_dtype() for name in tensors.keys()}  # noqa: SIM118  no mapping
        found += [f"{name} ({kind})" for name, kind in kinds.items() if name.endswith(WEIGHTS) and kind not in FLOATS]
    return f"not in floating point: {_listed(sorted(found))}" if found else ""


def _listed(names: list[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def to_device(network: Network, device: str | torch.device) -> Network:
    """Return the network on a device."""
    place: Any = network.to  # both libraries wrap this method in one without annotations
    moved: Network = place(device)
    return moved


def to_channels_last(network: Network, device: str | torch.device) -> Network:
    """Return the network on a device, the weights of its convolutions in the memory order that suits them best."""
    place: Any = network.to  # torch's annotations lack `memory_format`
    moved: Network = place(device, memory_format=torch.channels_last)
    return moved


def zeroed(layer: Network) -> Network:
    """Return the layer with every parameter set to zero, so that it adds nothing before it is trained."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer
