"""How networks get their weights: read from safetensors on this machine, placed on a device, or started at zero."""

from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)


def load_float32(kind: type[Network], folder: Path) -> Network:
    """Load a network of diffusers or transformers in float32, on the CPU and in evaluation mode.

    Raises OSError when it is not there or not in safetensors.
    """
    published: Any = kind  # both libraries have this method, and no typed base that says so
    # Unasked, transformers would round all weights to the precision that the configuration names.
    precision = {"dtype": torch.float32} if kind.__module__.startswith("transformers.") else {}
    network: Network = published.from_pretrained(folder, use_safetensors=True, local_files_only=True, **precision)
    return network.float().eval()


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
