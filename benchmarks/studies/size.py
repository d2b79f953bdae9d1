"""How large an engine is: what its networks hold, and the files that they were loaded from."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

from safetensors import safe_open
from torch import nn

from likeness.contract.engines import EngineSpec
from worker.residency import Residents

PARAMETERS, MEGABYTES = "million_parameters", "megabytes"
FLOATS = {"F64", "F32", "F16", "BF16"}

Shapes = Mapping[str, tuple[int, ...]]
"""Of floating point tensors, by their names."""


def size_of(residents: Residents, spec: EngineSpec) -> dict[str, float]:
    """Return what an engine in memory holds, in millions of numbers, and the megabytes of its files.

    Parts that it shares with other engines count in full. The files are those of its folders whose tensors its networks
    hold; where these do not add up to what is in memory, megabytes are left out.
    """
    networks = residents.components.networks(spec.name)
    shapes = [_of_network(network) for network in networks]
    loaded = {file: header for file, header in _files(residents, spec) if any(_holds(one, header) for one in shapes)}
    numbers = sum(map(_kept, networks))
    size = {PARAMETERS: numbers / 1e6}
    if sum(math.prod(shape) for header in loaded.values() for shape in header.values()) == numbers:
        size[MEGABYTES] = sum(file.stat().st_size for file in loaded) / 1e6
    return size


def _of_network(network: nn.Module) -> Shapes:
    held = network.state_dict().items()
    return {name: tuple(tensor.shape) for name, tensor in held if tensor.is_floating_point()}


def _kept(network: nn.Module) -> int:
    """Return how many numbers a network has learned or keeps, those that two of its parts share once."""
    kept = {tensor.data_ptr(): tensor for tensor in network.state_dict().values() if tensor.is_floating_point()}
    return sum(tensor.numel() for tensor in kept.values())


def _files(residents: Residents, spec: EngineSpec) -> Iterator[tuple[Path, Shapes]]:
    for folder in {residents.components.folder(name) for name in spec.needs}:
        for file in folder.rglob("*.safetensors"):
            yield file, shapes_in(file)


def shapes_in(file: Path) -> Shapes:
    """Return what the header of a safetensors file tells."""
    with safe_open(file, "np") as tensors:
        slices = {name: tensors.get_slice(name) for name in tensors.keys()}  # noqa: SIM118  it is no mapping
    return {name: tuple(one.get_shape()) for name, one in slices.items() if one.get_dtype() in FLOATS}


def _holds(network: Shapes, file: Shapes) -> bool:
    """Return whether all tensors of a file are a network's, or those of one part of it."""
    first = next(iter(file), "")
    parts = [name.removesuffix(first) for name in network if name.endswith(first)]
    return any(all(network.get(part + name) == shape for name, shape in file.items()) for part in parts)
