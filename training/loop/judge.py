"""Judges the denoiser by held-out photos: figures for the log and a sample sheet. No guidance, six steps."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from diffusers.models import AutoencoderDC
from diffusers.schedulers import DDIMScheduler
from torch import Tensor
from transformers import CLIPTokenizer

from likeness.contract.catalogue import load_catalogue
from likeness.contract.colour_names import CHROMATIC
from likeness.contract.grammar import understand
from likeness.contract.tasks import Control
from likeness.imaging.colour import Floats
from likeness.imaging.controls import canny
from likeness.imaging.edits.recolour import lab_of, lab_of_colour
from likeness.imaging.metrics.edge_f1 import edge_f1
from training.data.pictures import Pictures, Pixels
from training.loop.sheet import save_images
from worker.components import Components, Weights
from worker.engine import EngineTask, silent
from worker.engines import starter_controlnet
from worker.networks.starter import StarterControlNet

if TYPE_CHECKING:
    from training.loop.family import Family

CONTROLLED = "a photo of a red shirt on a white background"
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

    hue: median error in degrees; outside: median psnr in dB of the protected area.
    """
    given = shots(pictures)
    maker = Maker(family, vae, tokenizer, scheduler)
    rows = [[rgb for rgb, _ in given]]
    hues, outside = [], []
    for text in SHOWN:
        rows.append([maker.edit(rgb, mask, text) for rgb, mask in given])
        edit = understand(text)
        if edit.rgb and edit.colour in CHROMATIC and edit.kind == "recolour":
            for (rgb, mask), made in zip(given, rows[-1], strict=True):
                hues.append(hue_error(made, mask, edit.rgb))
                outside.append(_psnr(rgb[mask < 0.05], made[mask < 0.05]))
    rows.append([maker.draw(CONTROLLED, rgb.shape[:2]) for rgb, _ in given])
    save_images(sheet, rows)
    return {"hue": float(np.median(hues)), "outside": float(np.median(outside))}


class Maker:
    """The trained parts, run with the fewest lines."""

    def __init__(
        self, family: "Family", vae: AutoencoderDC, tokenizer: CLIPTokenizer, scheduler: DDIMScheduler
    ) -> None:
        self.family, self.vae, self.tokenizer, self.scheduler = family, vae, tokenizer, scheduler

    @torch.no_grad()
    def edit(self, rgb: Floats, mask: Floats, text: str) -> Floats:
        """Return H x W x 3 edited as instructed."""
        source = self.vae.encode(torch.from_numpy(rgb).permute(2, 0, 1)[None] * 2 - 1).latent
        small = cv2.resize(mask, source.shape[:1:-1], interpolation=cv2.INTER_AREA)
        return self._run(torch.cat([torch.from_numpy(small)[None, None], source], 1), text)

    @torch.no_grad()
    def draw(self, text: str, size: Sequence[int]) -> Floats:
        """Return H x W x 3 drawn from text alone."""
        return self._run(torch.zeros(1, 17, size[0] // 8, size[1] // 8), text)

    def _run(self, given: Tensor, text: str) -> Floats:
        tokens = self.tokenizer([text], padding="max_length", truncation=True, return_tensors="pt").input_ids
        noise = torch.Generator().manual_seed(1)
        latents = torch.randn(1, 16, *given.shape[2:], generator=noise)
        self.scheduler.set_timesteps(STEPS)
        for time in self.scheduler.timesteps:
            made = self.family(latents, time, tokens, given)
            latents = self.scheduler.step(made, time, latents).prev_sample
        return self.vae.decode(latents).sample[0].add(1).div(2).clamp(0, 1).permute(1, 2, 0).numpy()


def judge_control(family: Path, network: StarterControlNet, pictures: Pictures, sheet: Path) -> dict[str, float]:
    """Return the figures of a ControlNet run by its engine with the catalogue's defaults, and save what it makes.

    kept, free: median edge_f1 of held-out photos and what is made of their canny edges, at full weight and at none.
    """
    spec = load_catalogue().find("starter-control")
    network = network.float().eval().to(memory_format=torch.channels_last)
    network.paired = True
    components = Components(Weights(family.parent, family.parent), "cpu")
    components.get((family.name, "controlnet"), lambda: network)
    engine = starter_controlnet.load(spec.model_copy(update={"weights": family.name}), components)
    photos = [rgb for rgb, _ in shots(pictures)]
    settings = {name: one.default for name, one in spec.parameters.items()}
    rows = [photos, [canny(photo) for photo in photos]]
    for weight in (1.0, 0.0):
        controls = [Control(kind="canny", weight=weight)]
        tasks = [EngineTask(photo, 1, settings, CONTROLLED, controls=controls) for photo in photos]
        rows.append([engine.generate([task], silent)[0] for task in tasks])
    save_images(sheet, rows)
    kept, free = ([edge_f1(*pair) for pair in zip(photos, row, strict=True)] for row in rows[2:])
    return {"kept": float(np.median(kept)), "free": float(np.median(free))}


def hue_error(rgb: Floats, mask: Floats, colour: tuple[int, int, int]) -> float:
    """Return degrees between the CIE hue of the mean colour under the mask and that of `colour`."""
    mean = lab_of(rgb)[mask > 0.5].mean(0)
    target = lab_of_colour(colour)
    turn = np.degrees(np.arctan2(mean[2], mean[1]) - np.arctan2(target[2], target[1]))
    return float(abs((turn + 180) % 360 - 180))


def shots(pictures: Pictures) -> list[tuple[Floats, Floats]]:
    """Return PHOTOS held-out photos with their masks, square, of SIDE px."""
    pairs = zip(pictures.held_out[:PHOTOS], pictures.held_out_masks[:PHOTOS], strict=True)
    return [_shot(*pair) for pair in pairs]


def _shot(photo: Pixels, mask: Pixels) -> tuple[Floats, Floats]:
    side = min(photo.shape[:2])
    top, left = (photo.shape[0] - side) // 2, (photo.shape[1] - side) // 2
    cut = np.s_[top : top + side, left : left + side]
    floats = (plane[cut].astype(np.float32) / 255 for plane in (photo, mask))
    rgb, where = (
        np.asarray(cv2.resize(plane, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.float32) for plane in floats
    )
    return rgb, where


def _psnr(one: Floats, two: Floats) -> float:
    return float(-10 * np.log10(max(float(np.square(one - two).mean()), 1e-9)))
