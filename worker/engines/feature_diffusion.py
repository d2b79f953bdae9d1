"""Recreation from a classifier's features alone: latents are denoised on the condition of the features, step by step.

Latent diffusion (Rombach et al. 2022, arXiv:2112.10752) in the starter's latents, with the noise of Karras et al. 2022
(arXiv:2206.00364) and the solver of Lu et al. 2022 (DPM-Solver++, arXiv:2211.01095), diffusers' own. What the features
leave open is decided by the seed; a temperature below 1 starts from less noise than in training, and so nearer to the
mean of all images that would have these features.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from diffusers.schedulers import EDMDPMSolverMultistepScheduler
from torch import Tensor

from likeness.contract.engines import CanvasSpec, EngineSpec
from likeness.imaging.tiles import Blend, boxes
from worker.components import Components
from worker.diffusion.starter import StarterAutoencoder, load_autoencoder
from worker.diffusion.tensors import generators, pixels, signed_to_canvas
from worker.engine import Canvas, EngineTask, StepHook, part_hook
from worker.networks.feature_inversion import FeatureDenoiser
from worker.networks.features import FeatureNetwork, load_shared
from worker.networks.weights import load_float32, to_channels_last

LEAST, MOST = 0.05, 20.0
"""Noise at the last and at the first step; the result has a spread of 1."""


def scheduler() -> EDMDPMSolverMultistepScheduler:
    """Return a new solver: it remembers the steps of one image."""
    return EDMDPMSolverMultistepScheduler(sigma_min=LEAST, sigma_max=MOST, sigma_data=1.0)


class Condition(NamedTuple):
    """What an entry makes of the features of a tile: the linear estimate of latents, more, and what it leaves."""

    straight: Tensor
    more: Tensor
    left: Tensor


@dataclass(frozen=True)
class FeatureDiffusionEngine:
    """A resident denoiser, the feature network that it reads, and the autoencoder whose latents it makes."""

    denoiser: FeatureDenoiser
    features: FeatureNetwork
    vae: StarterAutoencoder
    canvas: CanvasSpec

    @torch.inference_mode()
    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return each canvas from its features at the layer asked for; one canvas at a time."""
        height, width = tasks[0].canvas.shape[:2]
        places = boxes(height, width, self.canvas.tile, self.canvas.overlap, self.canvas.multiple)
        blends = [Blend(height, width, self.canvas.overlap) for _ in tasks]
        for number, (task, noise, blend) in enumerate(zip(tasks, generators(tasks), blends, strict=True)):
            for place, box in enumerate(places):
                hook = part_hook(on_step, number * len(places) + place, len(places) * len(tasks))
                blend.add(box, self._tile(task, box.cut(task.canvas), noise, hook))
        return [blend.result() for blend in blends]

    def _tile(self, task: EngineTask, canvas: Canvas, random: torch.Generator, on_step: StepHook) -> Canvas:
        """Return a tile; a step for its features, one for each denoising step, one for decoding."""
        steps = int(task.number("steps", 1))
        condition = self._condition(str(task.parameters["layer"]), canvas)
        on_step(1, steps + 2, "denoising")
        noise = (task.number("temperature", 1) or 1) * torch.randn(condition.straight.shape, generator=random)
        made = self._decoded(condition, self._sampled(condition, noise, steps, on_step))
        on_step(steps + 2, steps + 2, "decoding")
        return made

    def _condition(self, layer: str, canvas: Canvas) -> Condition:
        features = self.features(pixels([canvas], self.denoiser.device), [layer])[layer]
        straight, more = self.denoiser.entries[layer](features)
        return Condition(straight, more, self.denoiser.left[layer])

    def _sampled(self, condition: Condition, noise: Tensor, steps: int, on_step: StepHook) -> Tensor:
        """Return what is left of the latents beyond their linear estimate; reports step 2 and on, of `steps` + 2."""
        solver: Any = scheduler()  # its base, annotated in part, hides what it has from type checkers
        solver.set_timesteps(steps)
        noisy: Tensor = noise.to(condition.straight) * solver.init_noise_sigma
        for done, time in enumerate(solver.timesteps, 2):
            scaled = solver.scale_model_input(noisy, time)
            made = self.denoiser(scaled, time[None].to(noisy), condition.straight, condition.more)
            noisy = solver.step(made, time, noisy).prev_sample
            on_step(done, steps + 2, "denoising")
        return noisy

    def _decoded(self, condition: Condition, left: Tensor) -> Canvas:
        latents = (condition.straight + condition.left * left).contiguous(memory_format=torch.channels_last)
        return signed_to_canvas(self.vae.decode(latents).sample[0])


def load(spec: EngineSpec, components: Components) -> FeatureDiffusionEngine:
    """Load the denoiser, the network of the part `features`, and the autoencoder of `latents`. Raises OSError."""
    return FeatureDiffusionEngine(
        components.get((spec.weights, "denoiser"), lambda: _denoiser(spec.weights, components)),
        load_shared(components, spec.parts["features"]),
        load_autoencoder(components, spec.parts["latents"]),
        spec.canvas,
    )


def _denoiser(weights: str, components: Components) -> FeatureDenoiser:
    return to_channels_last(load_float32(FeatureDenoiser, components.folder(weights)), components.device)
