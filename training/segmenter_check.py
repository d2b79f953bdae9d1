"""Compare the shipped segmenter with the file it is from: `python -m training.segmenter_check u2netp.onnx train.tar`.

The tar holds photos `<uuid>.jpg` and, for each, a mask `<uuid>.png` that a U2Net-p made earlier and elsewhere. Prints
the figures of weights/segmenter/README.md. Needs the package onnxruntime: `pip install '.[train]'`.
"""

import argparse
import io
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from rich.progress import track

from likeness.imaging.colour import Floats
from worker.networks.segmenter import Segmenter, load


class Published(Segmenter):
    """The published network, run by onnxruntime on one thread, between our own steps."""

    def __init__(self, path: Path) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise SystemExit("this command needs the package onnxruntime: pip install '.[train]'") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def raw(self, square: Floats) -> Floats:
        """Return its first output, the fused map."""
        pixels = np.ascontiguousarray(square.transpose(2, 0, 1)[None])
        found: Floats = self.session.run(None, {self.session.get_inputs()[0].name: pixels})[0][0, 0]
        return found


def photos(path: Path, count: int, seed: int) -> Iterator[tuple[Floats, Floats]]:
    """Yield `count` photos drawn by `seed`, H x W x 3 in 0..1, and their masks, H x W in 0..1."""
    with tarfile.open(path) as tar:
        names = sorted(name for name in tar.getnames() if name.endswith(".jpg"))
        for name in np.random.default_rng(seed).choice(names, count, replace=False):
            yield _read(tar, name, "RGB"), _read(tar, name.replace(".jpg", ".png"), "L")


def _read(tar: tarfile.TarFile, name: str, mode: str) -> Floats:
    member = tar.extractfile(name)
    if member is None:
        raise ValueError(f"{name} is no file")
    return np.asarray(Image.open(io.BytesIO(member.read())).convert(mode), dtype=np.float32) / np.float32(255)


def overlap(a: Floats, b: Floats) -> float:
    """Return intersection over union of two masks at 0.5; 1 where both are empty."""
    one, other = a > 0.5, b > 0.5
    union = int((one | other).sum())
    return float((one & other).sum() / union) if union else 1.0


def agreement(a: Floats, b: Floats) -> tuple[float, float, float]:
    """Return (overlap, mean absolute difference, largest absolute difference) of two masks."""
    apart: NDArray[np.float32] = np.abs(a - b)
    return overlap(a, b), float(apart.mean()), float(apart.max())


def main() -> None:
    """Parse the command line, run both networks on every photo, print a line for each comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("onnx", type=Path, help="the file u2netp.onnx")
    parser.add_argument("tar", type=Path, help="photos and their masks")
    parser.add_argument("--weights", type=Path, default=Path("weights/segmenter"), help="folder with model.safetensors")
    parser.add_argument("--count", type=int, default=100, help="how many photos")
    parser.add_argument("--seed", type=int, default=1, help="which photos")
    args = parser.parse_args()
    torch.set_num_threads(1)
    ours, published = load(args.weights), Published(args.onnx)
    seconds, against_published, against_masks = [], [], []
    for photo, mask in track(photos(args.tar, args.count, args.seed), "segmenter", args.count):
        began = time.process_time()
        made = ours.product(photo)
        seconds.append(time.process_time() - began)
        against_published.append(agreement(made, published.product(photo)))
        against_masks.append(agreement(made, mask))
    for name, rows in (("the published file", against_published), ("the given masks", against_masks)):
        overlaps, means, most = np.array(rows).T
        print(
            f"against {name}: IoU mean {overlaps.mean():.4f}, least {overlaps.min():.4f}; "
            f"absolute difference mean {means.mean():.5f}, most {most.max():.4f}"
        )
    print(f"{args.count} photos, median {np.median(seconds):.2f} CPU seconds each on one thread")


if __name__ == "__main__":
    main()
