"""Take over the published weights of LPIPS or of ST-LPIPS, as the file that a worker's report is measured with.

    python -m training.lpips alexnet-owt-7be5be79.pth alex.pth --out .likeness/models/metrics-lpips
    python -m training.lpips --shift-tolerant alex_shift_tolerant.pth --out .likeness/models/metrics-st-lpips

Nothing is trained here, and nothing in the files is run (`training/data/torch_file.py`). LPIPS needs two files. One is
torchvision's AlexNet (https://download.pytorch.org/models/alexnet-owt-7be5be79.pth, BSD-3-Clause), or the same as
safetensors. The other holds the linear weights by Richard Zhang and others (BSD-2-Clause): lpips/weights/v0.1/alex.pth,
a member of the wheel lpips 0.1.4 on PyPI (a zip file: `pip download --no-deps lpips==0.1.4`, then `unzip`). ST-LPIPS
needs one, by Abhijay Ghildyal and Feng Liu (BSD-2-Clause): stlpips_pytorch/weights/vST0.0/alex_shift_tolerant.pth, in
the wheel stlpips-pytorch 0.0.2.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor

from training.data.published import read_published
from training.data.torch_file import read_tensors
from worker.metrics.installed import LPIPS, PERCEPTUAL_FILES, ST_LPIPS
from worker.metrics.perceptual import PerceptualDistance

ALEXNET = (0, 3, 6, 8, 10)
"""Where torchvision has the five convolutions among its `features`."""
SLICES = ("slice1.0", "slice2.5", "slice3.9", "slice4.11", "slice5.13")
"""Where ST-LPIPS has them."""

SHA256 = {
    "alex.pth": "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0",
    "alex_shift_tolerant.pth": "b356b382f96010f77d085ee8343ecd9fd322d0a56e8de2b2d0549fafcad8b9ee",
}
"""Of the published files; that of AlexNet has the first eight digits of its own in its name."""


def of_lpips(alexnet: Mapping[str, Tensor], linear: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return AlexNet's convolutions and the linear weights of LPIPS 0.1 under our names. Raises ValueError."""
    convs = {f"convs.{number}": f"features.{place}" for number, place in enumerate(ALEXNET)}
    lins = {f"lins.{number}.weight": linear[f"lin{number}.model.1.weight"] for number in range(5)}
    return _fitting(_with_biases(alexnet, convs) | lins)


def of_st_lpips(published: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the published ST-LPIPS (AlexNet) under our names. Raises ValueError."""
    convs = {f"convs.{number}": f"net.{place}" for number, place in enumerate(SLICES)}
    lins = {f"lins.{number}.weight": published[f"lin{number}.model.1.weight"] for number in range(5)}
    return _fitting(_with_biases(published, convs) | lins)


def _with_biases(tensors: Mapping[str, Tensor], names: Mapping[str, str]) -> dict[str, Tensor]:
    parts = ("weight", "bias")
    return {f"{ours}.{part}": tensors[f"{theirs}.{part}"] for ours, theirs in names.items() for part in parts}


def _fitting(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the state in float32 where every shape is our network's. Raises ValueError."""
    wanted = {name: tuple(one.shape) for name, one in PerceptualDistance().state_dict().items()}
    found = {name: tuple(one.shape) for name, one in state.items()}
    if found != wanted:
        raise ValueError(f"the shapes are those of another network: {set(found.items()) ^ set(wanted.items())}")
    return {name: one.float().contiguous() for name, one in state.items()}


def published(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a published file. Raises OSError, or ValueError when it is not the file that is meant."""
    if path.suffix == ".safetensors":
        return load_file(path)
    read_published(path, SHA256.get(path.name) or path.stem.rpartition("-")[2])
    return read_tensors(path)


def converted(files: Sequence[Path], shift_tolerant: bool) -> dict[str, Tensor]:
    """Return the weights of the metric from its published files. Raises OSError, KeyError or ValueError."""
    if shift_tolerant:
        (file,) = files
        return of_st_lpips(published(file))
    alexnet, linear = files
    return of_lpips(published(alexnet), published(linear))


def main() -> None:
    """Parse the command line, read the published files, write the safetensors file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+", help="AlexNet and the linear weights, or the one of ST-LPIPS")
    parser.add_argument("--shift-tolerant", action="store_true", help="ST-LPIPS")
    parser.add_argument("--out", type=Path, required=True, help="folder for the safetensors file")
    args = parser.parse_args()
    if len(args.files) != (1 if args.shift_tolerant else 2):
        parser.error("LPIPS needs two files, ST-LPIPS one")
    state = converted(args.files, args.shift_tolerant)
    args.out.mkdir(parents=True, exist_ok=True)
    target = args.out / PERCEPTUAL_FILES[ST_LPIPS if args.shift_tolerant else LPIPS]
    save_file(state, target)
    print(f"{target}: {len(state)} tensors, {sum(one.numel() for one in state.values()):,} numbers")


if __name__ == "__main__":
    main()
