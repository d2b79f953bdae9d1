"""Making a picture anew from a prompt with its edges kept: ControlNet (Zhang et al. 2023, arXiv:2302.05543)."""

from collections.abc import Sequence

import torch
from diffusers.models.controlnets.multicontrolnet import MultiControlNetModel
from diffusers.pipelines.controlnet.pipeline_controlnet_img2img import StableDiffusionControlNetImg2ImgPipeline

from likeness.contract.engines import CanvasSpec, EngineSpec
from likeness.imaging.controls import CONTROLS
from worker.components import Components
from worker.diffusion.starter import canvases, fitted, generators, parts, pixels, read, reporter, schedule
from worker.engine import Canvas, EngineTask, StepHook
from worker.networks.starter import StarterControlNet


class ControlNetEngine:
    """A resident pipeline; the same network serves every kind of edge."""

    def __init__(
        self, pipe: StableDiffusionControlNetImg2ImgPipeline, network: StarterControlNet, canvas: CanvasSpec
    ) -> None:
        self.pipe, self.network, self.canvas = pipe, network, canvas

    @torch.inference_mode()
    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return each canvas made anew, steered by its controls' maps."""
        parameters, controls = tasks[0].parameters, tasks[0].controls
        strength, scale = float(parameters["strength"] or 0), float(parameters["guidance_scale"] or 0)
        smalls = [fitted(task.canvas, self.canvas) for task in tasks]
        asked, run = schedule(int(parameters["steps"] or 0), strength)
        self.pipe.controlnet = MultiControlNetModel([self.network] * len(controls))
        made = self.pipe(
            **read(self.pipe, [task.text for task in tasks]),
            image=pixels(smalls, self.pipe.device),
            control_image=[
                pixels([CONTROLS[one.kind](small) for small in smalls], self.pipe.device) for one in controls
            ],
            strength=strength,
            num_inference_steps=asked,
            guidance_scale=scale,
            controlnet_conditioning_scale=[one.weight for one in controls],
            control_guidance_start=[one.start for one in controls],
            control_guidance_end=[one.end for one in controls],
            generator=generators(tasks),
            output_type="latent",
            callback_on_step_end=reporter(on_step, run),
        ).images
        results = list(canvases(self.pipe.vae, tasks, made, smalls))
        on_step(run + 1, run + 1, "decoding")
        return results


def _network(components: Components, weights: str) -> StarterControlNet:
    folder = components.folder(weights) / "controlnet"
    network = StarterControlNet.from_pretrained(folder, use_safetensors=True, local_files_only=True).float().eval()
    network.paired = components.device == "cpu"
    return network.to(components.device, memory_format=torch.channels_last)


def load(spec: EngineSpec, components: Components) -> ControlNetEngine:
    """Load the engine. Raises OSError when a part of it is not there or no safetensors."""
    network = components.get((spec.weights, "controlnet"), lambda: _network(components, spec.weights))
    pipe = StableDiffusionControlNetImg2ImgPipeline(
        **parts(components, spec.weights),
        controlnet=network,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    return ControlNetEngine(pipe, network, spec.canvas)
