"""Makes an image from scratch by a prompt and keeps the original's edges.

ControlNet (Zhang et al. 2023, arXiv:2302.05543).
"""

from collections.abc import Sequence
from typing import Any

import torch
from diffusers.models.controlnets.multicontrolnet import MultiControlNetModel
from diffusers.pipelines.controlnet.pipeline_controlnet_img2img import StableDiffusionControlNetImg2ImgPipeline

from likeness.contract.engines import CanvasSpec, EngineSpec
from likeness.imaging.controls import CONTROLS
from worker.components import Components
from worker.diffusion.modes import Mode
from worker.diffusion.pipelines import WITHOUT_CHECKER, build_pipeline, control_call, latents_of, step_callback
from worker.diffusion.schedulers import requested_steps
from worker.diffusion.starter import decode_with_detail, encode_texts, load_starter
from worker.diffusion.tensors import generators, pixels, to_working_size
from worker.engine import Canvas, EngineTask, StepHook
from worker.networks.starter import StarterControlNet
from worker.networks.weights import load_float32, to_channels_last


class ControlNetEngine:
    """A resident pipeline; the same network serves every kind of edge."""

    def __init__(self, pipe: Any, network: StarterControlNet, canvas: CanvasSpec) -> None:  # noqa: ANN401  takes other networks than it says
        self.pipe, self.network, self.canvas = pipe, network, canvas

    @torch.inference_mode()
    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return each canvas made from scratch, steered by its controls' maps."""
        strength, controls = tasks[0].number("strength", 0), tasks[0].controls
        smalls = [to_working_size(task.canvas, self.canvas) for task in tasks]
        requested, run = requested_steps(int(tasks[0].number("steps", 0)), strength)
        networks: list[Any] = [self.network] * len(controls)  # by calling convention; annotated by class
        self.pipe.controlnet = MultiControlNetModel(networks)
        maps = [pixels([CONTROLS[one.kind](small) for small in smalls], self.pipe.device) for one in controls]
        call = {
            "image": pixels(smalls, self.pipe.device),
            "strength": strength,
            "num_inference_steps": requested,
            "guidance_scale": tasks[0].number("guidance_scale", 0),
            "generator": generators(tasks),
            "callback_on_step_end": step_callback(on_step, 0, run + 1),
            **encode_texts(self.pipe, [task.text for task in tasks]),
            **control_call(tasks, maps, Mode.CONTROL_IMAGE),
        }
        results = list(decode_with_detail(self.pipe.vae, latents_of(self.pipe, call), tasks, smalls))
        on_step(run + 1, run + 1, "decoding")
        return results


def _network(components: Components, weights: str) -> StarterControlNet:
    network = load_float32(StarterControlNet, components.folder(weights) / "controlnet")
    network.paired = components.device == "cpu"
    return to_channels_last(network, components.device)


def load(spec: EngineSpec, components: Components) -> ControlNetEngine:
    """Load the engine. Raises OSError when a part of it is not there or not in safetensors."""
    network = components.get((spec.weights, "controlnet"), lambda: _network(components, spec.weights))
    parts = load_starter(components, spec.weights) | {"controlnet": network} | WITHOUT_CHECKER
    pipe = build_pipeline(StableDiffusionControlNetImg2ImgPipeline, parts)
    return ControlNetEngine(pipe, network, spec.canvas)
