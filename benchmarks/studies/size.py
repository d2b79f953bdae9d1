"""How large an engine is: what its networks hold, and the files that they were loaded from."""

import math
from collections import Counter
from pathlib import Path

from safetensors import safe_open
from torch import nn

from likeness.contract.engines import EngineSpec
from worker.residency.engines import Residents

PARAMETERS, MEGABYTES = "million_parameters", "megabytes"
FLOATS = {"F64", "F32", "F16", "BF16"}

Shapes = Counter[tuple[int, ...]]
"""How many floating point tensors there are of each shape."""


def size_of(residents: Residents, spec: EngineSpec) -> dict[str, float]:
    """Return what an engine in memory holds, in millions of numbers, and the megabytes of its files.

    Parts that it shares with other engines count in full. The files are those of its folders whose tensors its networks
    hold, by their shapes, since names may change when a file is read; where they do not account for all that is in
    memory, megabytes are left out.
    """
    held = sum(map(_of_network, residents.components.networks(spec.name)), Shapes())
    size = {PARAMETERS: _numbers(held) / 1e6}
    files = {file: shapes_in(file) for file in _files(residents, spec)}
    loaded = 0
    for file, shapes in sorted(files.items(), key=lambda one: -_numbers(one[1])):
        if shapes <= held:
            held -= shapes
            loaded += file.stat().st_size
    return size if held else size | {MEGABYTES: loaded / 1e6}


def _of_network(network: nn.Module) -> Shapes:
    """Return the shapes of what a network has learned or keeps, that which two of its parts share once."""
    kept = {tensor.data_ptr(): tensor for tensor in network.state_dict().values() if tensor.is_floating_point()}
    return Shapes(tuple(tensor.shape) for tensor in kept.values())


def _files(residents: Residents, spec: EngineSpec) -> list[Path]:
    folders = {residents.components.folder(name) for name in spec.needs}
    return [file for folder in folders for file in folder.rglob("*.safetensors")]


def shapes_in(file: Path) -> Shapes:
    """Return what the header of a safetensors file tells."""
    with safe_open(file, "np") as tensors:
        slices = [tensors.get_slice(name) for name in tensors.keys()]  # noqa: SIM118  it is no mapping
    return Shapes(tuple(one.get_shape()) for one in slices if one.get_dtype() in FLOATS)


def _numbers(shapes: Shapes) -> int:
    return sum(math.prod(shape) * times for shape, times in shapes.items())
