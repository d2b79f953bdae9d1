"""Recreation through an autoencoder's latents: canvas -> latents -> canvas, as every latent diffusion engine does it.

The network is diffusers' AutoencoderDC (Chen et al. 2024, arXiv:2410.10733). All its norms look at one place only, so
tiles that overlap by its reach agree with each other.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from likeness.contract.engines import CanvasSpec, EngineSpec
from likeness.imaging.tiles import Blend, boxes
from worker.components import Components
from worker.diffusion.starter import StarterAutoencoder, load_autoencoder
from worker.diffusion.tensors import signed_pixels, signed_to_canvas
from worker.engine import Canvas, EngineTask, StepHook

STACK_FROM = 128 * 128
"""Canvases of at least this many px are run several at once. Below it, CPU libraries add in another order for several
images than for one, and an image must not depend on its neighbours by even one grey level. On a GPU this was not tried,
so canvases run one at a time there too."""


class AutoencoderEngine:
    """A resident autoencoder."""

    def __init__(self, vae: StarterAutoencoder, canvas: CanvasSpec) -> None:
        self.vae = vae
        self.canvas = canvas

    @torch.inference_mode()
    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return each canvas encoded and decoded; two steps a tile."""
        height, width = tasks[0].canvas.shape[:2]
        places = boxes(height, width, self.canvas.tile, self.canvas.overlap, self.canvas.multiple)
        blends = [Blend(height, width, self.canvas.overlap) for _ in tasks]
        for number, box in enumerate(places):
            latents = self.encode([box.cut(task.canvas) for task in tasks])
            on_step(2 * number + 1, 2 * len(places), "denoising")
            for blend, made in zip(blends, self.decode(latents), strict=True):
                blend.add(box, made)
            on_step(2 * number + 2, 2 * len(places), "decoding")
        return [blend.result() for blend in blends]

    def encode(self, canvases: Sequence[Canvas]) -> list[Tensor]:
        """Return latents, stacks x channels x H/8 x W/8, of canvases of one size."""
        stacks = self._stacks([self._pixels(canvas) for canvas in canvases])
        return [self.vae.encode(stack).latents for stack in stacks]

    def decode(self, latents: Sequence[Tensor]) -> list[Canvas]:
        """Return the canvas of each latent of each stack, 0..1."""
        return [signed_to_canvas(image) for stack in latents for image in self.vae.decode(stack).sample]

    def _stacks(self, pixels: list[Tensor]) -> list[Tensor]:
        height, width = pixels[0].shape[2:]
        if self.vae.device.type != "cpu" or height * width < STACK_FROM:
            return pixels
        return [torch.cat(pixels).to(memory_format=torch.channels_last)]

    def _pixels(self, canvas: Canvas) -> Tensor:
        return signed_pixels([canvas], self.vae.device).to(memory_format=torch.channels_last)


def load(spec: EngineSpec, components: Components) -> AutoencoderEngine:
    """Load the autoencoder in float32. Raises OSError when it is not there or not in safetensors."""
    return AutoencoderEngine(load_autoencoder(components, spec.weights), spec.canvas)
