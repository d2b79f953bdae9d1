"""Maps that steer a ControlNet: sent with the job, drawn from the image, or estimated by a model."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from transformers import AutoModelForDepthEstimation

from likeness.contract.engines import EngineSpec
from likeness.contract.tasks import Control
from likeness.imaging.controls import CONTROLS
from worker.components import Components
from worker.diffusion.tensors import pixels, plane_to_size_of
from worker.engine import Canvas, EngineTask
from worker.networks.weights import load_float32, to_device

HOLE = 0.5
"""A mask covers what is above it."""
ESTIMATOR = "depth-estimator"
"""The part of an engine that estimates depth."""
SEEN = 518
"""Px of the longer side at which depth is estimated; both sides are multiples of PATCH."""
PATCH = 14
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's pixels, where a model's folder gives no others."""


class Maps:
    """Makes the maps of one engine's runs."""

    def __init__(self, spec: EngineSpec, components: Components) -> None:
        self._depth = Depth.of(components, spec.parts[ESTIMATOR]) if ESTIMATOR in spec.parts else None

    def batches(self, tasks: Sequence[EngineTask], smalls: Sequence[Canvas], device: torch.device) -> list[Tensor]:
        """Return N x 3 x H x W in 0..1 for each control that the tasks share."""
        return [
            pixels([self._map(one, task, small) for task, small in zip(tasks, smalls, strict=True)], device)
            for one in tasks[0].controls
        ]

    def _map(self, control: Control, task: EngineTask, small: Canvas) -> Canvas:
        if control.kind in task.maps:
            return np.stack([plane_to_size_of(task.maps[control.kind][..., band], small) for band in range(3)], -1)
        if control.kind == "inpaint":
            return _holed(small, task)
        if control.kind == "depth":
            if self._depth is None:
                raise ValueError("this engine has no model that estimates depth; send the map")
            return self._depth.of_canvas(small)
        return CONTROLS[control.kind](small)


def _holed(small: Canvas, task: EngineTask) -> Canvas:
    """Return the image with -1 where it is to be filled, as the inpainting ControlNet was trained."""
    if task.mask is None:
        raise ValueError("nothing to fill: no mask")
    return np.where(plane_to_size_of(task.mask, small)[..., None] > HOLE, np.float32(-1), small)


class Depth:
    """A model that estimates inverse depth from one image, as Depth Anything (Yang et al. 2024, arXiv:2406.09414)."""

    def __init__(self, model: torch.nn.Module, mean: Sequence[float], deviation: Sequence[float]) -> None:
        self._model = model
        self._mean, self._deviation = (torch.tensor(one).view(1, 3, 1, 1) for one in (mean, deviation))

    @classmethod
    def of(cls, components: Components, name: str) -> "Depth":
        """Load it, shared. Raises OSError when it is not there or not in safetensors."""
        folder = components.folder(name)
        model = components.get((name, ""), partial(_loaded, folder, components.device))
        config = folder / "preprocessor_config.json"
        settings = json.loads(config.read_text("utf-8")) if config.exists() else {}
        return cls(model, settings.get("image_mean", MEAN), settings.get("image_std", DEVIATION))

    def of_canvas(self, canvas: Canvas) -> Canvas:
        """Return the map of a canvas, near is bright, of its size."""
        height, width = canvas.shape[:2]
        scale = SEEN / max(height, width)
        to = [max(PATCH, round(side * scale / PATCH) * PATCH) for side in (width, height)]
        seen = np.ascontiguousarray(cv2.resize(canvas, to, interpolation=cv2.INTER_AREA).transpose(2, 0, 1))[None]
        device = next(self._model.parameters()).device
        given = (torch.from_numpy(seen) - self._mean) / self._deviation
        found = self._model(pixel_values=given.to(device)).predicted_depth[0].float().cpu().numpy()
        near = (found - found.min()) / max(float(np.ptp(found)), 1e-6)
        plane = cv2.resize(near, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.repeat(plane.astype(np.float32)[..., None], 3, axis=2)


def _loaded(folder: Path, device: str) -> torch.nn.Module:
    published: Any = AutoModelForDepthEstimation  # no module itself: it makes one of the class that the folder names
    model: torch.nn.Module = to_device(load_float32(published, folder), device)
    return model
