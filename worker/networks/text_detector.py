"""Where there is text in an image: a small detector whose published graph is run as it is, operation by operation.

The network is PP-OCRv4's mobile detector (Liao et al. 2020, "Real-time Scene Text Detection with Differentiable
Binarization", arXiv:1911.08947, in PaddleOCR's edition). `weights/text-detector` holds its weights, and its graph as
JSON; `training/text_detector.py` reads both from the published file.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional as F

from likeness.imaging.colour import Bytes
from likeness.imaging.packshot.cutout import Box

SIDE: Final = 960
"""Px of the longer side that an image is looked at with; a smaller one is looked at as it is."""
MULTIPLE: Final = 32
LIKELY, SURE = 0.3, 0.5
"""Probability from which on a pixel is text, and its mean over an area from which on the area is."""
LEAST: Final = 3
"""Px of the shorter side of an area; less is noise."""
TALLEST: Final = 1 << 14
"""Most nodes of a graph that is read."""

Attributes = Mapping[str, Any]
Operation = Callable[[list[Tensor], Attributes], Tensor]


class Node(BaseModel):
    """One operation of the graph: the names of its inputs and of its output, and how it is set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    op: str
    inputs: list[str]
    output: str
    attributes: dict[str, float | int | list[int]]


class Graph(BaseModel):
    """Operations in the order in which they run, from `given` to `made`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    given: str
    made: str
    nodes: list[Node]


def _conv(found: list[Tensor], said: Attributes) -> Tensor:
    bias = found[2] if len(found) > 2 else None
    return F.conv2d(found[0], found[1], bias, said["strides"], said["pads"][:2], groups=said["group"])


def _up(found: list[Tensor], said: Attributes) -> Tensor:
    return F.conv_transpose2d(found[0], found[1], None, said["strides"], said["pads"][:2], groups=said["group"])


def _normalised(found: list[Tensor], said: Attributes) -> Tensor:
    x, scale, shift, mean, variance = found
    return F.batch_norm(x, mean, variance, scale, shift, eps=said["epsilon"])


OPERATIONS: Final[dict[str, Operation]] = {
    "Conv": _conv,
    "ConvTranspose": _up,
    "BatchNormalization": _normalised,
    "Mul": lambda found, _: found[0] * found[1],
    "Add": lambda found, _: found[0] + found[1],
    "Div": lambda found, _: found[0] / found[1],
    "Clip": lambda found, _: found[0].clamp(found[1], found[2]),
    "Relu": lambda found, _: F.relu(found[0]),
    "Sigmoid": lambda found, _: torch.sigmoid(found[0]),
    "HardSigmoid": lambda found, said: (found[0] * said["alpha"] + said["beta"]).clamp(0, 1),
    "GlobalAveragePool": lambda found, _: found[0].mean(dim=(2, 3), keepdim=True),
    "Resize": lambda found, said: F.interpolate(found[0], scale_factor=said["scale"], mode="nearest"),
    "Concat": lambda found, said: torch.cat(found, said["axis"]),
}
"""ONNX's operations, version 12, as far as the graph has them."""


class TextDetector:
    """A resident network that finds text."""

    def __init__(self, graph: Graph, weights: dict[str, Tensor]) -> None:
        self.graph, self.weights = graph, weights
        self._last = {name: number for number, node in enumerate(graph.nodes) for name in node.inputs}

    def texts(self, rgb: Bytes) -> list[Box]:
        """Return boxes around the text in H x W x 3 (upright, 0..255), in px."""
        height, width = rgb.shape[:2]
        scale = min(1.0, SIDE / max(height, width))
        down, across = (max(MULTIPLE, round(side * scale / MULTIPLE) * MULTIPLE) for side in (height, width))
        small = np.asarray(cv2.resize(rgb[..., ::-1], (across, down), interpolation=cv2.INTER_AREA), dtype=np.uint8)
        found = self.likely(small)
        areas, places, stats, _ = cv2.connectedComponentsWithStats((found > LIKELY).astype(np.uint8))
        boxes = [
            _grown(stats[area], across / width, down / height, (width, height))
            for area in range(1, areas)
            if min(stats[area, 2:4]) >= LEAST and _is_line(found, places == area) and _is_written(small, places == area)
        ]
        return boxes

    @torch.inference_mode()
    def likely(self, bgr: Bytes) -> "np.ndarray[Any, np.dtype[np.float32]]":
        """Return how surely each px of H x W x 3 (sides multiples of 32, blue first) belongs to a text, 0..1."""
        device = next(iter(self.weights.values())).device
        unit = np.ascontiguousarray(bgr.transpose(2, 0, 1), dtype=np.float32) / 127.5 - 1
        held: dict[str, Tensor] = {self.graph.given: torch.from_numpy(unit)[None].to(device)}
        for number, node in enumerate(self.graph.nodes):
            found = [self.weights[name] if name in self.weights else held[name] for name in node.inputs]
            held[node.output] = OPERATIONS[node.op](found, node.attributes)
            for name in node.inputs:
                if self._last[name] == number:
                    held.pop(name, None)
        made: np.ndarray[Any, np.dtype[np.float32]] = held[self.graph.made][0, 0].float().cpu().numpy()
        return made


SOLID: Final = 0.5
"""Share of the rectangle around it that an area fills, where it is a line of text and not a texture."""
LARGEST: Final = 0.15
"""Share of the picture up to which an area is a line of text; what is larger is a texture."""


def _is_line(found: "np.ndarray[Any, np.dtype[np.float32]]", area: "np.ndarray[Any, np.dtype[np.bool_]]") -> bool:
    """Return whether an area is surely text, and fills the rectangle around it as a line of text does."""
    points = cv2.findNonZero(area.astype(np.uint8))
    _, (width, height), _ = cv2.minAreaRect(points)
    line = SOLID * (width + 1) * (height + 1) < len(points) < LARGEST * area.size
    return line and float(found[area].mean()) > SURE


FAINTEST: Final = 12.0
"""Levels by which a text differs from what is behind it."""
STROKES: Final = 0.15
"""Share of an area of text that is the edge of a stroke."""


def _is_written(bgr: Bytes, area: "np.ndarray[Any, np.dtype[np.bool_]]") -> bool:
    """Return whether an area is full of strokes, and not a plain patch."""
    grey = cv2.cvtColor(np.ascontiguousarray(bgr), cv2.COLOR_BGR2GRAY).astype(np.float32)
    inside = grey[area]
    steep = np.hypot(cv2.Sobel(grey, -1, 1, 0, scale=1 / 8), cv2.Sobel(grey, -1, 0, 1, scale=1 / 8))[area]
    contrast = float(np.percentile(inside, 98) - np.percentile(inside, 2))
    return contrast > FAINTEST and float((steep > contrast / 8).mean()) > STROKES


GROWN: Final = 0.4
"""How much larger than what is found a text is, of its height: the network marks its core."""


def _grown(stats: "np.ndarray[Any, Any]", across: float, down: float, size: tuple[int, int]) -> Box:
    left, top, width, height = (int(one) for one in stats[:4])
    spare = GROWN * min(width, height)
    edges = (
        (left - spare) / across,
        (top - spare) / down,
        (left + width + spare) / across,
        (top + height + spare) / down,
    )
    return Box(
        max(0, int(edges[0])), max(0, int(edges[1])), min(size[0], int(edges[2]) + 1), min(size[1], int(edges[3]) + 1)
    )


def load(weights: Path, device: str = "cpu") -> TextDetector:
    """Load the detector in float32. Raises OSError when a file of it is not there or not what it should be."""
    try:
        graph = Graph.model_validate_json((weights / "graph.json").read_bytes())
        tensors = {name: one.float().to(device) for name, one in load_file(weights / "model.safetensors").items()}
    except (SafetensorError, ValidationError, json.JSONDecodeError) as error:
        raise OSError(f"{weights} does not hold the text detector: {error}") from error
    unknown = {node.op for node in graph.nodes} - set(OPERATIONS)
    if unknown or len(graph.nodes) > TALLEST:
        raise OSError(f"{weights / 'graph.json'} is of operations that are not known: {', '.join(sorted(unknown))}")
    return TextDetector(graph, tensors)
