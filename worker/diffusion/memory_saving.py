"""How a diffusion engine runs with less memory: one measure after another."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from likeness.contract.engines import CanvasSpec
from worker.diffusion.tensors import reconstructed, to_working_size
from worker.engine import Canvas, EngineTask
from worker.networks.batch_invariance import BatchInvariantUNet

SMALLEST_WINDOW = 64
"""In latents: 512 px of Stable Diffusion."""


@dataclass(frozen=True)
class Measure:
    """One method of saving memory, and how to undo it."""

    name: str
    take: Callable[[], None]
    undo: Callable[[], None]


def on_the_cpu(name: str, networks: Sequence[nn.Module], beside: nn.Module) -> Measure:
    """Return the measure of running some networks on the CPU; undone, they are back where `beside` is."""

    def move(device: torch.device) -> None:
        for network in networks:
            network.to(device)

    return Measure(
        f"{name} on the CPU", lambda: move(torch.device("cpu")), lambda: move(next(beside.parameters()).device)
    )


def tiling(vae: Any) -> Measure:  # noqa: ANN401  any autoencoder that can
    """Return the measure of encoding and decoding in tiles, or in smaller ones."""
    return Measure("VAE tiling", vae.enable_tiling, vae.disable_tiling)


class Measures:
    """What may be done, one measure after another, when memory is short.

    Networks may be shared, so `spend_memory` must follow a run for which a measure was taken.
    """

    def __init__(self, *measures: Measure) -> None:
        self._measures = measures
        self._taken = 0

    def save_memory(self) -> str | None:
        """Take one more measure and return its name, or None when none is left."""
        if self._taken == len(self._measures):
            return None
        measure = self._measures[self._taken]
        measure.take()
        self._taken += 1
        return measure.name

    def spend_memory(self) -> None:
        """Undo every measure."""
        for measure in self._measures[: self._taken]:
            measure.undo()
        self._taken = 0


class MemorySaver(Measures):
    """Networks of a latent diffusion engine, and what may be done to them when memory is short."""

    def __init__(self, vae: Any, unets: Sequence[BatchInvariantUNet], *more: Measure) -> None:  # noqa: ANN401  AutoencoderKL, VQModel
        """Take the autoencoder, the UNets in the order in which they run, and measures to take before the own ones."""
        self.vae, self.unet, self._unets = vae, unets[0], unets
        config: Any = self.unet.config
        self.in_channels: int = config.in_channels
        self._narrow = False
        super().__init__(
            *more,
            Measure("tiled denoising", lambda: self._set_narrow(True), lambda: self._set_narrow(False)),
        )

    @torch.inference_mode()
    def reconstruct(self, canvas: Canvas) -> Canvas:
        """Return the canvas as the autoencoder alone gives it back."""
        return reconstructed(self.vae, canvas)

    def working_canvases(self, tasks: Sequence[EngineTask], canvas: CanvasSpec) -> list[Canvas]:
        """Return the tasks' canvases in the size to work in, and set the windows in which this run denoises."""
        smalls = [to_working_size(task.canvas, canvas) for task in tasks]
        self._set_window(canvas, smalls[0])
        return smalls

    def _set_window(self, canvas: CanvasSpec, small: Canvas) -> None:
        side = canvas.tile // 8
        if self._narrow:
            side = min(side, SMALLEST_WINDOW)
        tiled = canvas.larger == "tiles" and max(small.shape[:2]) > canvas.tile
        for unet in self._unets:
            unet.window = side if tiled or (self._narrow and canvas.larger == "tiles") else None
            unet.overlap = max(1, min(canvas.overlap // 8 or side // 4, side - 1))

    def _set_narrow(self, narrow: bool) -> None:
        self._narrow = narrow
