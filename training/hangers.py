"""Train the finder of hangers: `python -m training.hangers --data DATA [--out weights/hanger]`.

DATA has clothing/train.tar, photos with masks. training/data/hangers.csv says of some whether a hanger shows once the
product is cut out (`shows`: yes or no); of those a quarter, chosen by name, is kept out of a first training and
reported on, then all are trained on. Minutes on one core; the same data and seed give the same bytes.
"""

import argparse
import csv
import io
import tarfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import cast

import numpy as np
import torch
from PIL import Image
from rich.progress import track
from safetensors.torch import save_file
from torch import Tensor, nn

from likeness.imaging.colour import Bytes
from likeness.imaging.packshot.cutout import cut_out
from likeness.imaging.packshot.remains import cleared
from worker.networks.features import FeatureNetwork, load
from worker.networks.hangers import HIDDEN, covered, decided, framed, head_of, places

LABELS = Path(__file__).with_name("data") / "hangers.csv"
EPOCHS, BATCH, RATE, DECAY, DROPPED, SEED = 20, 64, 2e-3, 1e-2, 0.4, 0
KEPT_OUT = 4
"""One in so many is kept out."""


def labelled() -> dict[str, bool]:
    """Return which photos are known to show a hanger once they are cut out, and which to show none."""
    return {row["uuid"]: row["shows"] == "yes" for row in csv.DictReader(LABELS.read_text("utf-8").splitlines())}


def photos(archive: Path, names: dict[str, bool]) -> Iterator[tuple[str, Bytes, Bytes]]:
    """Yield the photos of those names with their masks, H x W x 3 and H x W, 0..255."""
    found: dict[str, dict[str, bytes]] = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            path = Path(member.name)
            if path.stem in names and (file := tar.extractfile(member)):
                found.setdefault(path.stem, {})[path.suffix] = file.read()
    for name in sorted(found):
        rgb, mask = (Image.open(io.BytesIO(found[name][end])) for end in (".jpg", ".png"))
        yield name, np.asarray(rgb.convert("RGB")), np.asarray(mask.convert("L").resize(rgb.size))


@torch.inference_mode()
def seen(archive: Path, features: FeatureNetwork) -> tuple[list[str], Tensor, Tensor, Tensor]:
    """Return of each cut-out its name, features, which places count, and whether a hanger shows; mirrored too."""
    names, known, values, counts = [], labelled(), [], []
    for name, rgb, mask in track(photos(archive, known), "cutting out", total=len(known)):
        share = np.asarray(mask / np.float32(255), np.float32)
        product = cut_out(rgb, cleared(rgb, share), share)
        if (square := framed(product.rgb, product.alpha)) is None:
            continue
        for mirrored in (False, True):
            pixels, cover = (torch.from_numpy(np.ascontiguousarray(p[:, ::-1] if mirrored else p)) for p in square)
            names.append(name)
            values.append(places(features, pixels.permute(2, 0, 1)[None])[0])
            counts.append(covered(cover[None])[0])
    shows = torch.tensor([float(known[name]) for name in names])
    return names, torch.stack(values), torch.stack(counts), shows


def trained(values: Tensor, counts: Tensor, shows: Tensor) -> nn.Sequential:
    """Return the head, its first layer taking features as they are."""
    torch.manual_seed(SEED)
    mean, spread = values.mean((0, 1)), values.std((0, 1)) + 1e-2
    head = head_of()
    net = nn.Sequential(nn.Dropout(DROPPED), head[0], nn.ReLU(), nn.Dropout(DROPPED), head[2])
    steps = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    slower = torch.optim.lr_scheduler.CosineAnnealingLR(steps, EPOCHS)
    for _ in track(range(EPOCHS), "training"):
        for some in torch.randperm(len(shows)).split(BATCH):
            found = decided(net((values[some] - mean) / spread)[..., 0], counts[some])
            loss = nn.functional.binary_cross_entropy_with_logits(found, shows[some])
            steps.zero_grad()
            loss.backward()
            steps.step()
        slower.step()
    first = cast(nn.Linear, head[0])
    with torch.no_grad():
        first.weight /= spread
        first.bias.sub_(first.weight @ mean)
    return head.eval()


def kept_out(name: str) -> bool:
    """Return whether a photo is kept out, by its name alone."""
    return sha256(name.encode()).digest()[0] % KEPT_OUT == 0


@torch.inference_mode()
def report(head: nn.Module, values: Tensor, counts: Tensor, shows: Tensor) -> None:
    """Print what share of cut-outs with a hanger and of those without lies above some probabilities."""
    found = torch.sigmoid(decided(head(values)[..., 0], counts))
    yes, no = found[shows == 1], found[shows == 0]
    print(f"kept out: {len(yes)} with a hanger, {len(no)} without; {HIDDEN} hidden channels")
    print(f"area under the curve {float((yes[:, None] > no[None]).float().mean()):.3f}")
    for limit in (0.3, 0.5, 0.6, 0.7, 0.8, 0.9):
        print(f"above {limit}: {float((yes > limit).float().mean()):.0%} and {float((no > limit).float().mean()):.1%}")


def main() -> None:
    """Train, report and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with clothing/")
    parser.add_argument("--out", type=Path, default=Path("weights/hanger"))
    parser.add_argument("--features", type=Path, default=Path("weights/mobilenet-v2"), help="the feature network")
    args = parser.parse_args()
    torch.set_num_threads(1)
    names, values, counts, shows = seen(args.data / "clothing/train.tar", load(args.features))
    out = torch.tensor([kept_out(name) for name in names])
    report(trained(values[~out], counts[~out], shows[~out]), values[out], counts[out], shows[out])
    args.out.mkdir(parents=True, exist_ok=True)
    save_file(trained(values, counts, shows).state_dict(), args.out / "model.safetensors")
    (args.out / "model.safetensors").chmod(0o644)


if __name__ == "__main__":
    main()
