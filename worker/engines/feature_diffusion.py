"""Recreation from a classifier's features alone: latents are denoised on the condition of the features, step by step.

Latent diffusion (Rombach et al. 2022, arXiv:2112.10752) in the starter's latents, with the noise of Karras et al. 2022
(arXiv:2206.00364) and the solver of Lu et al. 2022 (DPM-Solver++, arXiv:2211.01095), diffusers' own. What the features
leave open is decided by the seed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from diffusers.schedulers import EDMDPMSolverMultistepScheduler
from torch import Tensor

from likeness.contract.engines import CanvasSpec, EngineSpec
from likeness.imaging.tiles import Blend, boxes
from worker.components import Components
from worker.engine import Canvas, EngineTask, StepHook
from worker.features import FeatureNetwork, shared
from worker.inversion import LATENTS, FeatureDenoiser
from worker.latents import ONLY, StarterAutoencoder, autoencoder, generators, pixels

LEAST, MOST = 0.05, 20.0
"""Noise at the last and at the first step; what is made has the spread 1."""


def scheduler() -> EDMDPMSolverMultistepScheduler:
    """Return the solver, fresh: it remembers the steps of one picture."""
    return EDMDPMSolverMultistepScheduler(sigma_min=LEAST, sigma_max=MOST, sigma_data=1.0)


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
        asked = int(tasks[0].parameters["steps"] or 1)
        each, blends = asked + 2, [Blend(height, width, self.canvas.overlap) for _ in tasks]
        steps, step = each * len(places) * len(tasks), 0
        for task, noise, blend in zip(tasks, generators(tasks), blends, strict=True):
            for box in places:
                tell = _from(on_step, step, steps)
                blend.add(box, self._made(str(task.parameters["layer"]), box.cut(task.canvas), noise, asked, tell))
                step += each
                on_step(step, steps, "decoding")
        return [blend.result() for blend in blends]

    def _made(
        self, layer: str, canvas: Canvas, noise: torch.Generator, steps: int, tell: Callable[[int], None]
    ) -> Canvas:
        found = self.features(pixels([canvas], self.denoiser.device), [layer])[layer]
        tell(1)
        latents = self.sampled(layer, found, noise, steps, lambda done: tell(1 + done))
        decoded = self.vae.decode(latents.contiguous(memory_format=torch.channels_last)).sample[0]
        made: Canvas = decoded.add(1).div(2).clamp(0, 1).permute(1, 2, 0).cpu().numpy()
        return made

    def sampled(
        self, layer: str, features: Tensor, noise: torch.Generator, steps: int, tell: Callable[[int], None]
    ) -> Tensor:
        """Return latents, 1 x 16 x H/8 x W/8, of one picture's features; `tell` hears of every step that is done."""
        solver = scheduler()
        solver.set_timesteps(steps)
        straight, more = self.denoiser.entries[layer](features)
        shape = (1, LATENTS, *straight.shape[2:])
        noisy = torch.randn(shape, generator=noise).to(straight) * solver.init_noise_sigma
        for done, time in enumerate(solver.timesteps, 1):
            scaled = solver.scale_model_input(noisy, time)
            made = self.denoiser(scaled, time[None].to(straight), straight, more)
            noisy = solver.step(made, time, noisy).prev_sample
            tell(done)
        return straight + self.denoiser.left[layer] * noisy


def _from(on_step: StepHook, step: int, steps: int) -> Callable[[int], None]:
    """Return what tells of the steps after `step`."""
    return lambda done: on_step(step + done, steps, "denoising")


def load(spec: EngineSpec, components: Components) -> FeatureDiffusionEngine:
    """Load the denoiser, the network of the part `features`, and the autoencoder of `latents`. Raises OSError."""
    return FeatureDiffusionEngine(
        components.get((spec.weights, "denoiser"), lambda: _denoiser(spec.weights, components)),
        shared(components, spec.parts["features"]),
        autoencoder(components, spec.parts["latents"]),
        spec.canvas,
    )


def _denoiser(weights: str, components: Components) -> FeatureDenoiser:
    denoiser = FeatureDenoiser.from_pretrained(components.folder(weights), **ONLY).float().eval()
    return denoiser.to(components.device, memory_format=torch.channels_last)
