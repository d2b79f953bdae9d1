"""Recreation from a classifier's features alone: latents are denoised on the condition of the features, step by step.

Latent diffusion (Rombach et al. 2022, arXiv:2112.10752) in the starter's latents, with the noise of Karras et al. 2022
(arXiv:2206.00364) and the solver of Lu et al. 2022 (DPM-Solver++, arXiv:2211.01095), diffusers' own. What the features
leave open is decided by the seed; a temperature below 1 starts from less noise than was learned, and so nearer to the
mean of all pictures that would have these features.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from diffusers.schedulers import EDMDPMSolverMultistepScheduler
from torch import Tensor

from likeness.contract.engines import CanvasSpec, EngineSpec
from likeness.imaging.tiles import Blend, boxes
from worker.components import Components
from worker.diffusion.starter import ONLY, StarterAutoencoder, autoencoder, generators, pixels
from worker.engine import Canvas, EngineTask, StepHook
from worker.networks.feature_inversion import FeatureDenoiser
from worker.networks.features import FeatureNetwork, shared

LEAST, MOST = 0.05, 20.0
"""Noise at the last and at the first step; what is made has the spread 1."""


def scheduler() -> EDMDPMSolverMultistepScheduler:
    """Return the solver, fresh: it remembers the steps of one picture."""
    return EDMDPMSolverMultistepScheduler(sigma_min=LEAST, sigma_max=MOST, sigma_data=1.0)


class Seen(NamedTuple):
    """What an entry made of the features of a tile: the linear estimate of latents, more, and what it leaves."""

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
        asked, temperature = int(tasks[0].parameters["steps"] or 1), float(tasks[0].parameters["temperature"] or 1)
        each, blends = asked + 2, [Blend(height, width, self.canvas.overlap) for _ in tasks]
        steps, step = each * len(places) * len(tasks), 0
        for task, chance, blend in zip(tasks, generators(tasks), blends, strict=True):
            for box in places:
                tell = _from(on_step, step, steps)
                found = self._seen(str(task.parameters["layer"]), box.cut(task.canvas))
                tell(1)
                noise = temperature * torch.randn(found.straight.shape, generator=chance)
                blend.add(box, self._decoded(found, self._sampled(found, noise, asked, tell)))
                step += each
                on_step(step, steps, "decoding")
        return [blend.result() for blend in blends]

    def _seen(self, layer: str, canvas: Canvas) -> Seen:
        features = self.features(pixels([canvas], self.denoiser.device), [layer])[layer]
        return Seen(*self.denoiser.entries[layer](features), self.denoiser.left[layer])

    def _sampled(self, seen: Seen, noise: Tensor, steps: int, tell: Callable[[int], None]) -> Tensor:
        """Return what is left of the latents beyond their linear estimate; `tell` hears of step 2 and on."""
        solver = scheduler()
        solver.set_timesteps(steps)
        noisy = noise.to(seen.straight) * solver.init_noise_sigma
        for done, time in enumerate(solver.timesteps, 2):
            scaled = solver.scale_model_input(noisy, time)
            made = self.denoiser(scaled, time[None].to(noisy), seen.straight, seen.more)
            noisy = solver.step(made, time, noisy).prev_sample
            tell(done)
        return noisy

    def _decoded(self, seen: Seen, left: Tensor) -> Canvas:
        latents = (seen.straight + seen.left * left).contiguous(memory_format=torch.channels_last)
        made: Canvas = self.vae.decode(latents).sample[0].add(1).div(2).clamp(0, 1).permute(1, 2, 0).cpu().numpy()
        return made


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
