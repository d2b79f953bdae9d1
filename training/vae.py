"""Train the engine `vae` on product photos: `python -m training.vae --data DATA --minutes 10`.

Two stages, each by its own bound (Dai & Wipf 2019, arXiv:1903.05789). First a PatchVAE learns images as grids of
codes, from crops; it starts at the best linear one (`ppca_start`). Then a PictureVAE, given the garment's class, learns
which grids occur: those of garments alone on white, so that it draws a garment and no floor.

`--minutes` is processor time of both stages; `--batch` counts the crops of the first stage, the second takes four times
as many grids.
"""

import csv
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from training.data.garments import Garments, garments, on_white
from training.data.pictures import Crops, Pictures, Pixels, canvas, load_pictures, tensor_of
from training.loop import arguments
from training.loop.sheet import save_tensors
from training.losses.elbo import Batch, Run, bound, mean_terms
from training.starts.ppca import ppca_start
from worker.networks.vae import PATCH, PatchVAE, PictureVAE

FIRST = 0.8
"""Share of the time that the PatchVAE has. With more, the PictureVAE overfitted: of 8 minutes, the bound of held-out
garments was highest after 2."""
SIDE = 128
"""Px of an image of a garment."""
VERSIONS = 12
"""Augmented versions of each garment that are encoded."""
STRETCH, MOVE = 0.08, 0.04
"""How far a garment is stretched, and moved, at most, as shares of the image."""
STARTED_FROM = 768
"""Crops whose PCA is the start."""
WHITE_SHARE = 0.25
"""Share of a batch of crops that are garments on white, which the second stage is about."""


def crops(pictures: Pictures, alone: Garments, size: int, side: int, seed: int) -> Iterator[Batch]:
    """Yield batches of `size` images, crops of photos and garments on white, endlessly."""
    random, drawn = np.random.default_rng(seed), Crops(pictures, side, seed)
    whites = round(size * WHITE_SHARE)
    while True:
        corners = random.integers(0, SIDE - side + 1, (whites, 2))
        picked = zip(random.integers(len(alone.pictures), size=whites), corners, strict=True)
        white = [alone.pictures[index][top : top + side, left : left + side] for index, (top, left) in picked]
        yield (torch.cat([torch.from_numpy(drawn.batch(size - whites)), tensor_of(np.stack(white))]),)


def judge_patches(photos: list[Pixels], vae: PatchVAE, sheet: Path) -> dict[str, float]:
    """Return the bound of whole photos, and their median psnr (dB) from means and from samples; save given and made."""
    bounds, rows, psnr = [], [], []
    for photo in photos:
        given = canvas(photo, PATCH)
        posterior = vae.encode(given)
        made = [vae.decode(codes).clamp(-1, 1) for codes in (posterior.mean, posterior.sample())]
        bounds.append(bound(vae, given))
        psnr.append([float(10 * torch.log10(4 / (one - given).square().mean())) for one in made])
        rows.append([one[0, :, :192, :192] for one in (given, *made)])
    save_tensors(sheet, [torch.stack(row) for row in zip(*rows[:6], strict=True)])
    mean, sampled = np.median(psnr, axis=0)
    return mean_terms(bounds) | {"psnr": float(mean), "psnr_sampled": float(sampled)}


@dataclass(frozen=True)
class Grids:
    """Posteriors of garments under a PatchVAE, N x 2 codes x h x w (means and log variances), and their labels."""

    moments: Tensor
    labels: Tensor

    def drawn(self, index: Tensor) -> Batch:
        """Return sampled grids of codes, and their labels."""
        mean, logvar = self.moments[index].float().chunk(2, 1)
        return mean + (0.5 * logvar).exp() * torch.randn_like(mean), self.labels[index]

    def batches(self, size: int, seed: int) -> Iterator[Batch]:
        """Yield batches endlessly."""
        random = torch.Generator().manual_seed(seed)
        while True:
            yield self.drawn(torch.randint(len(self.labels), (size,), generator=random))


@torch.no_grad()
def grids(vae: PatchVAE, pictures: Pixels, labels: Tensor) -> Grids:
    """Return the posteriors of N x SIDE x SIDE x 3 images."""
    found = []
    for part in np.array_split(pictures, max(1, len(pictures) // 32)):
        with torch.autocast("cpu", torch.bfloat16):
            posterior = vae.encode(tensor_of(part).contiguous(memory_format=torch.channels_last))
        found.append(torch.cat([posterior.mean, posterior.logvar], 1).half())
    return Grids(torch.cat(found), labels)


def versions(vae: PatchVAE, alone: Garments, seed: int) -> Grids:
    """Return the grids of every garment VERSIONS times."""
    random, labels = np.random.default_rng(seed), torch.from_numpy(alone.classes)
    made = [grids(vae, np.stack([varied(one, random) for one in alone.pictures]), labels) for _ in range(VERSIONS)]
    return Grids(torch.cat([one.moments for one in made]), labels.repeat(VERSIONS))


def varied(picture: Pixels, random: np.random.Generator) -> Pixels:
    """Return an image, H x W x 3, moved and stretched a little over white, half of them mirrored, most recoloured."""
    side = len(picture)
    scale, move = random.uniform(1 - STRETCH, 1 + STRETCH, 2), random.uniform(-MOVE, MOVE, 2)
    scale[0] *= 1 if random.random() < 0.5 else -1
    matrix = np.column_stack([np.diag(scale), side * (0.5 + move - 0.5 * scale)])
    moved = cv2.warpAffine(picture, matrix, (side, side), flags=cv2.INTER_LINEAR, borderValue=(255, 255, 255))
    if random.random() < 1 / 3:
        return np.asarray(moved, np.uint8)
    hsv = cv2.cvtColor(moved, cv2.COLOR_RGB2HSV).astype(np.float32)
    hsv[..., 0] = (hsv[..., 0] + random.uniform(0, 180)) % 180
    hsv[..., 1] = np.clip(hsv[..., 1] * random.uniform(0.7, 1.4), 0, 255)
    return np.asarray(cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB), np.uint8)


def held_out_garments(pictures: Pictures, data: Path, names: tuple[str, ...]) -> tuple[Pixels, Tensor]:
    """Return the held-out garments of these classes on white, and their labels."""
    with (data / "clothing/train.csv").open() as rows:
        labels = [row["label"].lower() for row in csv.DictReader(rows)]
    labels = labels[-len(pictures.held_out) :]
    known = [number for number, label in enumerate(labels) if label in names]
    alone = [on_white(pictures.held_out[number], pictures.held_out_masks[number], SIDE) for number in known]
    return np.stack(alone), torch.tensor([names.index(labels[number]) for number in known])


def judge_grids(patches: PatchVAE, held: Grids, vae: PictureVAE, sheet: Path) -> dict[str, float]:
    """Return the bound of held-out garments' grids, and save a row of them and rows of what each label gives."""
    data, labels = held.drawn(torch.arange(len(held.labels)))
    posterior = vae.encode(data, labels)
    rows = [patches.decode(codes[:8]) for codes in (data, vae.decode(posterior.mean, labels))]
    for label in range(len(vae.config.labels)):
        codes = torch.randn(8, vae.config.codes, 1, 1)
        rows.append(patches.decode(vae.decode(codes, torch.full((8,), label))))
    save_tensors(sheet, rows)
    return mean_terms([bound(vae, data, labels)])


def first_stage(pictures: Pictures, alone: Garments, args: Namespace) -> PatchVAE:
    """Train the PatchVAE, and return its running average."""
    network = PatchVAE()
    ppca_start(network, torch.from_numpy(Crops(pictures, args.crop, args.seed).batch(STARTED_FROM)))
    batches = partial(crops, pictures, alone, args.batch, args.crop)
    part = Namespace(**(vars(args) | {"minutes": FIRST * args.minutes}))
    return Run(args.out / "patches", network, batches, partial(judge_patches, pictures.held_out), part).train()


def second_stage(patches: PatchVAE, pictures: Pictures, alone: Garments, args: Namespace) -> None:
    """Train the PictureVAE on the codes of `patches`."""
    grid = versions(patches, alone, args.seed)
    held = grids(patches, *held_out_garments(pictures, args.data, alone.names))
    labels = dict(zip(alone.names, alone.shares, strict=True))
    network = PictureVAE(
        channels=patches.config.codes, side=SIDE // PATCH, fold=1, widths=(128,), codes=64, labels=labels
    )
    part = Namespace(**(vars(args) | {"minutes": (1 - FIRST) * args.minutes, "rate": 2 * args.rate}))
    batches = partial(grid.batches, 4 * args.batch)
    Run(args.out / "picture", network, batches, partial(judge_grids, patches, held), part).train()


def train(args: Namespace) -> None:
    """Train both stages, or resume them."""
    torch.manual_seed(args.seed)
    pictures = load_pictures(args.data)
    alone = garments(pictures, SIDE)
    second_stage(first_stage(pictures, alone, args), pictures, alone, args)


def main() -> None:
    """Parse the command line and train."""
    parser = arguments.parser_of(__doc__, "vae", minutes=10, every=120, batch=16, rate=7e-4)
    parser.add_argument("--crop", type=int, default=96, help="side of a crop in px, a multiple of 16, at most 128")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
