"""Train `vae-smileys` on faces drawn by program: `python -m training.smileys --minutes 4`.

Every face is drawn from scratch during training, so there is nothing to overfit to. Held-out faces come from another
seed. The recipe needs no data. `--minutes` is processor time.
"""

import colorsys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from training.data.pictures import Pixels, tensor_of
from training.loop import arguments
from training.loop.sheet import save_tensors
from training.losses.elbo import Batch, Run, bound, mean_terms
from worker.networks.vae import PictureVAE

SIDE = 64
"""Px of a face's image."""
DRAWN = 4
"""Times SIDE: the size that a face is drawn in, to be made smaller with soft edges."""
HELD_OUT = 128
"""Faces that a checkpoint is judged by."""
HELD_OUT_SEED = 2**32
"""No run's seed."""


def smiley(random: np.random.Generator) -> Pixels:
    """Return a face, SIDE x SIDE x 3: place, size, colours, eyes and mouth are random."""
    drawn = np.full((DRAWN * SIDE, DRAWN * SIDE, 3), colour(random, (0.05, 0.3), (0.85, 1)), np.uint8)
    radius = random.uniform(0.27, 0.4)
    middle = random.uniform(-0.06, 0.06, 2) + 0.5
    skin, ink = colour(random, (0.45, 0.85), (0.8, 1)), (45, 35, 35)
    cv2.circle(drawn, px(middle), scaled(radius), skin, -1, cv2.LINE_AA)
    cv2.circle(drawn, px(middle), scaled(radius), ink, scaled(0.015), cv2.LINE_AA)
    _eyes(drawn, random, middle, radius, ink)
    _mouth(drawn, random, middle, radius, ink)
    return np.asarray(cv2.resize(drawn, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def _eyes(drawn: Pixels, random: np.random.Generator, middle: np.ndarray, radius: float, ink: tuple[int, ...]) -> None:
    apart, up = radius * random.uniform(0.28, 0.48), radius * random.uniform(0.15, 0.4)
    wide, high = radius * random.uniform(0.08, 0.18), radius * random.uniform(0.08, 0.26)
    for side in (-1, 1):
        eye = px(middle + np.array([side * apart, -up]))
        cv2.ellipse(drawn, eye, (scaled(wide), scaled(high)), 0, 0, 360, ink, -1, cv2.LINE_AA)


def _mouth(drawn: Pixels, random: np.random.Generator, middle: np.ndarray, radius: float, ink: tuple[int, ...]) -> None:
    """Draw a parabola, from sad to glad; one in three that smiles is open."""
    wide, smile, down = (
        radius * random.uniform(0.35, 0.65),
        random.uniform(-0.3, 0.5),
        radius * random.uniform(0.3, 0.5),
    )
    across = np.linspace(-1, 1, 17)
    line = np.stack([wide * across, down + radius * smile * (0.5 - across**2)], 1) + middle
    points = np.rint(line * DRAWN * SIDE).astype(np.int32)
    if smile > 0.15 and random.random() < 1 / 3:
        cv2.fillPoly(drawn, [points], (120, 30, 40), cv2.LINE_AA)
    cv2.polylines(drawn, [points], False, ink, scaled(0.022), cv2.LINE_AA)


def colour(random: np.random.Generator, saturation: tuple[float, float], value: tuple[float, float]) -> tuple[int, ...]:
    """Return a colour of any hue, RGB in 0..255, its saturation and value within bounds in 0..1."""
    rgb = colorsys.hsv_to_rgb(random.random(), random.uniform(*saturation), random.uniform(*value))
    return tuple(round(255 * channel) for channel in rgb)


def px(point: np.ndarray) -> tuple[int, int]:
    """Return where a point, in shares of the image, lies while it is drawn."""
    return scaled(point[0]), scaled(point[1])


def scaled(share: float) -> int:
    """Return a share of the image's side in px while it is drawn, at least 1."""
    return max(1, round(share * DRAWN * SIDE))


def faces(random: np.random.Generator, count: int) -> Tensor:
    """Return N x 3 x SIDE x SIDE in -1..1."""
    drawn = np.stack([smiley(random) for _ in range(count)])
    return tensor_of(drawn)


def build() -> PictureVAE:
    """Return the untrained network."""
    return PictureVAE(channels=3, side=SIDE, fold=2, widths=(32, 64, 96), codes=24, labels={"smiley": 1.0})


def batches(size: int, seed: int) -> Iterator[Batch]:
    """Yield batches of faces endlessly."""
    random = np.random.default_rng(seed)
    while True:
        yield faces(random, size), torch.zeros(size, dtype=torch.long)


def judge(vae: PictureVAE, sheet: Path) -> dict[str, float]:
    """Return bound and median psnr (dB, posterior means) of held-out faces; save given, made, a variant, new ones."""
    given = faces(np.random.default_rng(HELD_OUT_SEED), HELD_OUT)
    labels = torch.zeros(HELD_OUT, dtype=torch.long)
    posterior = vae.encode(given, labels)
    made = vae.decode(posterior.mean, labels).clamp(-1, 1)
    new = vae.decode(torch.randn_like(posterior.mean), labels)
    psnr = 10 * torch.log10(4 / (made - given).square().mean((1, 2, 3)))
    save_tensors(sheet, [rows[:12] for rows in (given, made, vae.decode(posterior.sample(), labels), new)])
    return mean_terms([bound(vae, given, labels)]) | {"psnr": float(psnr.median())}


def main() -> None:
    """Parse the command line and train."""
    parser = arguments.parser_of(__doc__, "smileys", minutes=4, every=60, batch=32, rate=2e-3, data=False)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    Run(args.out / "picture", build(), partial(batches, args.batch), judge, args).train()


if __name__ == "__main__":
    main()
