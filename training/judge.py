"""What the denoiser makes of held-out photos: figures for the log and a sheet to look at. No guidance, six steps."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from diffusers.models import AutoencoderDC
from diffusers.schedulers import DDIMScheduler
from PIL import Image
from torch import Tensor
from transformers import CLIPTokenizer

from likeness.contract import words
from likeness.contract.instructions import understand
from likeness.imaging.colour import Floats
from likeness.imaging.controls import canny
from likeness.imaging.edits.recolour import lab_of, lab_of_colour
from likeness.imaging.metrics.edge_f1 import edge_f1
from training.pictures import Pictures, Pixels

if TYPE_CHECKING:
    from training.family import Family

STEPS = 6
SIDE = 256
PHOTOS = 8
SHOWN = (
    "make it red",
    "make it blue",
    "make it yellow",
    "make it white",
    "give it green stripes",
    "make it denim",
    "put it on a orange background",
    "make the picture greyscale",
)


def judge(
    family: "Family",
    vae: AutoencoderDC,
    tokenizer: CLIPTokenizer,
    scheduler: DDIMScheduler,
    pictures: Pictures,
    sheet: Path,
) -> dict[str, float]:
    """Return the figures of one checkpoint and save what it makes as a PNG.

    hue: median error in degrees over eight colours; outside: median psnr in dB of what must not change; edges: edge_f1
    of pictures drawn from canny edges against the pictures the edges came from, with the control and without.
    """
    shots = [_shot(*pair) for pair in zip(pictures.held_out[:PHOTOS], pictures.held_out_masks[:PHOTOS], strict=True)]
    maker = Maker(family, vae, tokenizer, scheduler)
    rows = [[rgb for rgb, _ in shots]]
    hues, outside = [], []
    for text in SHOWN:
        rows.append([maker.edit(rgb, mask, text) for rgb, mask in shots])
        asked = understand(text)
        if asked.rgb and asked.colour in words.CHROMATIC and asked.kind == "recolour":
            for (rgb, mask), made in zip(shots, rows[-1], strict=True):
                hues.append(hue_error(made, mask, asked.rgb))
                outside.append(_psnr(rgb[mask < 0.05], made[mask < 0.05]))
    drawn = [maker.draw("a photo of a red shirt on a white background", rgb.shape[:2], canny(rgb)) for rgb, _ in shots]
    plain = [maker.draw("a photo of a red shirt on a white background", rgb.shape[:2]) for rgb, _ in shots]
    rows += [[canny(rgb) for rgb, _ in shots], drawn, plain]
    pixels = np.vstack([np.hstack(row) for row in rows])
    Image.fromarray(np.rint(pixels * 255).astype(np.uint8)).save(sheet)
    edges = lambda made: float(np.median([edge_f1(rgb, one) for (rgb, _), one in zip(shots, made, strict=True)]))  # noqa: E731
    return {
        "hue": float(np.median(hues)),
        "outside": float(np.median(outside)),
        "edges": edges(drawn),
        "edges_without": edges(plain),
    }


class Maker:
    """The trained parts, run with the fewest lines."""

    def __init__(
        self, family: "Family", vae: AutoencoderDC, tokenizer: CLIPTokenizer, scheduler: DDIMScheduler
    ) -> None:
        self.family, self.vae, self.tokenizer, self.scheduler = family, vae, tokenizer, scheduler

    @torch.no_grad()
    def edit(self, rgb: Floats, mask: Floats, text: str) -> Floats:
        """Return H x W x 3 edited as told."""
        source = self.vae.encode(torch.from_numpy(rgb).permute(2, 0, 1)[None] * 2 - 1).latent
        small = cv2.resize(mask, source.shape[:1:-1], interpolation=cv2.INTER_AREA)
        return self._run(torch.cat([torch.from_numpy(small)[None, None], source], 1), text, None)

    @torch.no_grad()
    def draw(self, text: str, size: Sequence[int], control: Floats | None = None) -> Floats:
        """Return H x W x 3 drawn from text, and from edges where given."""
        map_ = None if control is None else torch.from_numpy(control).permute(2, 0, 1)[None]
        return self._run(torch.zeros(1, 17, size[0] // 8, size[1] // 8), text, map_)

    def _run(self, given: Tensor, text: str, control: Tensor | None) -> Floats:
        tokens = self.tokenizer([text], padding="max_length", truncation=True, return_tensors="pt").input_ids
        noise = torch.Generator().manual_seed(1)
        latents = torch.randn(1, 16, *given.shape[2:], generator=noise)
        self.scheduler.set_timesteps(STEPS)
        for time in self.scheduler.timesteps:
            made = self.family(latents, time, tokens, given, control)
            latents = self.scheduler.step(made, time, latents).prev_sample
        return self.vae.decode(latents).sample[0].add(1).div(2).clamp(0, 1).permute(1, 2, 0).numpy()


def hue_error(rgb: Floats, mask: Floats, colour: tuple[int, int, int]) -> float:
    """Return degrees between the CIE hue of the mean colour under the mask and that of `colour`."""
    mean = lab_of(rgb)[mask > 0.5].mean(0)
    target = lab_of_colour(colour)
    turn = np.degrees(np.arctan2(mean[2], mean[1]) - np.arctan2(target[2], target[1]))
    return float(abs((turn + 180) % 360 - 180))


def _shot(photo: Pixels, mask: Pixels) -> tuple[Floats, Floats]:
    side = min(photo.shape[:2])
    top, left = (photo.shape[0] - side) // 2, (photo.shape[1] - side) // 2
    cut = np.s_[top : top + side, left : left + side]
    rgb, where = (
        cv2.resize(plane[cut].astype(np.float32) / 255, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        for plane in (photo, mask)
    )
    return rgb, where


def _psnr(one: Floats, two: Floats) -> float:
    return float(-10 * np.log10(max(float(np.square(one - two).mean()), 1e-9)))
