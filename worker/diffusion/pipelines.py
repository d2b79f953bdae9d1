"""What the families on diffusers' pipelines share: networks from folders, calls, and canvases to latents and back."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np
import torch
from diffusers import schedulers
from diffusers.models import AutoencoderKL, ModelMixin
from torch import Tensor
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer, Qwen2Tokenizer, T5Tokenizer

from likeness.contract.engines import CanvasSpec
from worker.components import Components
from worker.diffusion import prompts
from worker.diffusion.starter import generators, pixels, resized, schedule
from worker.engine import Canvas, EngineTask, Plane, Preview, Stage, StepHook
from worker.networks.batch_invariance import BatchInvariant, BatchInvariantUNet, MixedAutoencoder
from worker.networks.starter import TIMES

KINDS: dict[str, type[Any]] = {
    "AutoencoderKL": MixedAutoencoder,
    "CLIPTextModel": CLIPTextModel,
    "CLIPTextModelWithProjection": CLIPTextModelWithProjection,
    "UNet2DConditionModel": BatchInvariantUNet,
}
"""The classes that a model's index may name; nothing else is loaded."""
TOKENIZERS: dict[str, type[Any]] = {
    **dict.fromkeys(("CLIPTokenizer", "CLIPTokenizerFast"), CLIPTokenizer),
    **dict.fromkeys(("T5Tokenizer", "T5TokenizerFast"), T5Tokenizer),
    **dict.fromkeys(("Qwen2Tokenizer", "Qwen2TokenizerFast"), Qwen2Tokenizer),
}
AUTOENCODERS = ("vae", "movq")


class Mode(StrEnum):
    """What a run does to a picture."""

    TEXT = "text"
    """Makes one from a prompt alone: nothing of the given one is left at strength 1."""
    IMAGE = "image"
    """Noises the given one and denoises it (SDEdit)."""
    FILL = "fill"
    """Makes what a mask covers anew."""
    INSTRUCT = "instruct"
    """Changes the given one as told."""
    CONTROL = "control"
    """Makes one from a prompt, steered by maps."""
    CONTROL_IMAGE = "control_image"
    """Noises and denoises the given one, steered by maps."""
    CONTROL_FILL = "control_fill"
    """Makes what a mask covers anew, steered by maps."""


def mode_of(task: EngineTask, channels: int) -> Mode:
    """Return what is to be done for a task by a network that reads `channels` channels (8 belong to instructions)."""
    if channels == 8:
        return Mode.INSTRUCT
    if task.mask is not None:
        return Mode.CONTROL_FILL if task.controls else Mode.FILL
    from_scratch = number(task, "strength", 1.0) >= 1
    if task.controls:
        return Mode.CONTROL if from_scratch else Mode.CONTROL_IMAGE
    return Mode.TEXT if from_scratch else Mode.IMAGE


def number(task: EngineTask, name: str, default: float) -> float:
    """Return a parameter that is a number."""
    value = task.parameters.get(name)
    return float(value) if isinstance(value, int | float) else default


def named(task: EngineTask, name: str) -> str | None:
    """Return a parameter that is a word, or None."""
    value = task.parameters.get(name)
    return None if value is None else str(value)


# Networks.


def assembled(
    components: Components, weights: str, more: Mapping[str, type[Any]] = MappingProxyType({})
) -> dict[str, Any]:
    """Load what a model's index names, networks shared and those that it lacks left None. Raises OSError, ValueError.

    `more` are classes that only one family has. The autoencoder's weights are in float32 always.
    """
    folder = components.folder(weights)
    index = json.loads((folder / "model_index.json").read_text("utf-8"))
    kinds = KINDS | more
    found: dict[str, Any] = {}
    for part, entry in index.items():
        kind = entry[1] if isinstance(entry, list) else None
        if kind in TOKENIZERS:
            found[part] = TOKENIZERS[kind].from_pretrained(folder / part, local_files_only=True)
        elif kind in kinds:
            dtype = torch.float32 if part in AUTOENCODERS else components.dtype
            found[part] = network(components, weights, part, kinds[kind], dtype)
        elif part == "scheduler" and kind.endswith("Scheduler"):
            found[part] = getattr(schedulers, kind).from_pretrained(folder / part, local_files_only=True)
    return found


def network(components: Components, weights: str, part: str, kind: type[Any], dtype: torch.dtype) -> Any:  # noqa: ANN401
    """Load one network, shared with every engine that takes the same. Raises OSError."""
    return components.get((weights, part), lambda: _loaded(components, weights, part, kind, dtype))


def _loaded(components: Components, weights: str, part: str, kind: type[Any], dtype: torch.dtype) -> Any:  # noqa: ANN401
    folder = components.folder(weights) / part
    precision = {"torch_dtype" if issubclass(kind, ModelMixin) else "dtype": dtype}
    made = kind.from_pretrained(
        folder, variant=_variant(folder), use_safetensors=True, local_files_only=True, **precision
    ).eval()
    if isinstance(made, BatchInvariant):
        made.paired = components.device == "cpu"
        if components.compile:
            made.compile()
    if isinstance(made, AutoencoderKL):
        made.enable_slicing()  # one picture at a time, so that none depends on its neighbours
    if isinstance(made, MixedAutoencoder) and components.dtype is torch.bfloat16:
        made.encoded_in = components.dtype  # float16 overflows in SDXL's
    shapes = {parameter.ndim for parameter in made.parameters()}
    flat = 4 in shapes and 5 not in shapes  # channels last is an order of four axes
    return made.to(components.device, memory_format=torch.channels_last if flat else torch.preserve_format)


def _variant(folder: Path) -> str | None:
    """Return "fp16" where a folder has weights of that variant only."""
    names = [path.name for path in folder.glob("*.safetensors")]
    return "fp16" if names and all(".fp16." in name for name in names) else None


# Calls.


def read(
    encoders: Sequence[prompts.Encoder], text: str, negative: str, skipped: int, *, normed: bool
) -> dict[str, Tensor]:
    """Return a prompt and what it must not show as a pipeline takes them, of equal length.

    Several encoders' states lie side by side; the last one's word on the whole text is the pooled one.
    """
    said = {"prompt_embeds": text, "negative_prompt_embeds": negative}
    cut = {name: [prompts.chunks(one, words) for one in encoders] for name, words in said.items()}
    length = max(len(chunks) for each in cut.values() for chunks in each)
    made: dict[str, Tensor] = {}
    for name, each in cut.items():
        blank = [prompts.chunks(one, "") for one in encoders]
        filled = [chunks + spare * (length - len(chunks)) for chunks, spare in zip(each, blank, strict=True)]
        states = [
            prompts.states(one, chunks, skipped, normed=normed) for one, chunks in zip(encoders, filled, strict=True)
        ]
        made[name] = torch.cat([one for one, _ in states], -1)
        if (whole := states[-1][1]) is not None:
            made[name.replace("prompt", "pooled_prompt")] = whole
    return made


def together(readings: Sequence[Mapping[str, Tensor]], device: str) -> dict[str, Tensor]:
    """Return the prompts of several pictures as one batch."""
    return {name: torch.cat([one[name] for one in readings]).to(device) for name in readings[0]}


def group_by_prompt_length(readings: Sequence[Mapping[str, Tensor]]) -> list[list[int]]:
    """Return which pictures may share a run: those whose prompts are equally long."""
    groups: dict[int, list[int]] = {}
    for index, one in enumerate(readings):
        groups.setdefault(one["prompt_embeds"].shape[1], []).append(index)
    return list(groups.values())


def call_of(tasks: Sequence[EngineTask], smalls: Sequence[Canvas], mode: Mode, pipe: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return what a pipeline's call takes beside prompts, controls and callback; `smalls` are the canvases to run.

    The steps are those asked for, as far as the pipeline's scheduler knows so many moments: LCM's was taught 50.
    """
    most = int(getattr(pipe.scheduler.config, "original_inference_steps", TIMES))
    steps, strength = min(most, int(number(tasks[0], "steps", 1))), number(tasks[0], "strength", 1.0)
    height, width = smalls[0].shape[:2]
    call: dict[str, Any] = {
        "num_inference_steps": steps,
        "guidance_scale": number(tasks[0], "guidance_scale", 1.0),
        "generator": generators(tasks),
        "output_type": "latent",
    }
    if mode in (Mode.TEXT, Mode.CONTROL):
        return call | {"height": height, "width": width}
    call["image"] = pixels(smalls, pipe.device)
    if mode is Mode.INSTRUCT:
        return call | {"image_guidance_scale": number(tasks[0], "image_guidance_scale", 1.5)}
    if mode in (Mode.FILL, Mode.CONTROL_FILL):
        call["mask_image"] = masks(tasks, smalls[0], pipe.device)
    return call | {"strength": strength, "num_inference_steps": min(most, schedule(steps, strength)[0])}


def masks(tasks: Sequence[EngineTask], like: Canvas, device: torch.device) -> Tensor:
    """Return N x 1 x H x W, 1 where the pictures are to be made anew."""
    planes: list[Plane] = [resized(task.mask, like) for task in tasks if task.mask is not None]
    return torch.from_numpy(np.stack(planes))[:, None].gt(0.5).float().to(device)


def control_call(tasks: Sequence[EngineTask], maps: Sequence[Tensor], mode: Mode) -> dict[str, Any]:
    """Return what a ControlNet pipeline's call takes more; `maps` has one batch of maps for each control."""
    controls = tasks[0].controls
    return {
        "image" if mode is Mode.CONTROL else "control_image": list(maps),
        "controlnet_conditioning_scale": [one.weight for one in controls],
        "control_guidance_start": [one.start for one in controls],
        "control_guidance_end": [one.end for one in controls],
    }


def shared(on_step: StepHook, place: int, places: int) -> StepHook:
    """Return a hook for one of several runs that are told of as one; its previews would show some tasks only."""

    def hook(step: int, steps: int, stage: Stage, _some: Preview | None = None) -> None:
        on_step(place * steps + step, places * steps, stage)

    return hook


def reporter(on_step: StepHook, done: int, steps: int) -> Callable[..., dict[str, Any]]:
    """Return a step callback for a pipeline; `done` steps were run before it. What `on_step` raises ends its call."""

    def report(_pipe: object, step: int, _time: object, tensors: dict[str, Any]) -> dict[str, Any]:
        on_step(min(done + step + 1, steps), steps, "denoising")
        return tensors

    return report


def legacy_reporter(on_step: StepHook, done: int, steps: int) -> Callable[[int, Any, Any], None]:
    """Return a step callback in the older style, which some pipelines have alone."""

    def report(step: int, _time: object, _latents: object) -> None:
        on_step(min(done + step + 1, steps), steps, "denoising")

    return report


# Canvases.


def fitted(canvas: Canvas, spec: CanvasSpec) -> Canvas:
    """Return the canvas in the size to run it in: not below the engine's own, and not above `tile` unless in tiles.

    Sides stay multiples; proportions are kept as far as multiples allow.
    """
    height, width = canvas.shape[:2]
    to = spec.fitted(width, height)
    if to == (width, height):
        return canvas
    how = cv2.INTER_AREA if to < (width, height) else cv2.INTER_CUBIC
    return np.clip(np.asarray(cv2.resize(canvas, to, interpolation=how), dtype=np.float32), 0, 1)


def canvases(vae: AutoencoderKL, made: Tensor, tasks: Sequence[EngineTask]) -> Iterator[Canvas]:
    """Yield made latents, N x C x h x w, as canvases of the tasks' own sizes, one by one."""
    for task, latents in zip(tasks, made, strict=True):
        yield canvas_of(vae.decode(_unscaled(vae, latents[None]), return_dict=False)[0][0], task.canvas)


def canvas_of(decoded: Tensor, like: Canvas) -> Canvas:
    """Return decoded pixels, 3 x H x W in -1..1, as a canvas in the size of another."""
    whole = decoded.float().add(1).div(2).clamp(0, 1).permute(1, 2, 0).cpu().numpy()
    return restored(np.ascontiguousarray(whole), like)


def _unscaled(vae: AutoencoderKL, latents: Tensor) -> Tensor:
    latents = latents.to(vae.dtype) / vae.config.scaling_factor
    return latents + (getattr(vae.config, "shift_factor", None) or 0.0)


def restored(made: Canvas, like: Canvas) -> Canvas:
    """Return a canvas in the size of another."""
    height, width = like.shape[:2]
    if made.shape == like.shape:
        return made
    how = cv2.INTER_AREA if made.shape[0] > height else cv2.INTER_CUBIC
    return np.clip(np.asarray(cv2.resize(made, (width, height), interpolation=how), dtype=np.float32), 0, 1)
