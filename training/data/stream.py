"""Encoded training pairs, prepared in the background while the network trains on earlier ones."""

import queue
import threading
from collections import deque
from dataclasses import dataclass

import numpy as np
import torch
from diffusers.models import AutoencoderDC
from torch import Tensor, nn

from likeness.imaging.colour import Floats
from training.data.pairs import Pair, Pairs, TrainingTask
from worker.networks.starter import LATENTS

POOL = 4096
FRESH = 8
"""New pairs a step; the rest of a batch is drawn from the pool of the newest."""


@dataclass(frozen=True)
class Latents:
    """One pair as the networks see it."""

    target: Tensor
    given: Tensor
    text: str
    control: Tensor | None


class Stream:
    """Encoded pairs of one kind: a thread draws them, this encodes them and keeps the newest to be used again.

    For a small network `least` pairs are kept from the beginning, and encoding may `rest`: it costs more than a step.
    """

    def __init__(
        self, pairs: Pairs, vae: AutoencoderDC, task: TrainingTask | None = None, least: int = 0, rest: int = 1
    ) -> None:
        self.least, self.rest, self.number = least, rest, 0
        self.vae, self.random = vae, np.random.default_rng(pairs.random.integers(2**32))
        self.pool: deque[Latents] = deque(maxlen=POOL)
        self.drawn: queue.Queue[list[Pair]] = queue.Queue(maxsize=4)
        threading.Thread(target=self._draw, args=(pairs, task), daemon=True).start()

    def batch(self, size: int) -> list[Latents]:
        """Return `size` pairs, the newest among them; one batch in `rest` brings FRESH new ones."""
        while len(self.pool) < max(2 * size, self.least):
            self._encode()
        if self.number % self.rest == 0:
            self._encode()
        self.number += 1
        fresh = [self.pool[-1 - index] for index in range(min(FRESH, size))]
        return fresh + [self.pool[index] for index in self.random.integers(len(self.pool), size=size - len(fresh))]

    def _draw(self, pairs: Pairs, task: TrainingTask | None) -> None:
        while True:
            self.drawn.put([pairs.make(task) for _ in range(FRESH)])

    def _encode(self) -> None:
        pairs = self.drawn.get()
        sources = [pair.source for pair in pairs if pair.source is not None]
        latents = self._latents([pair.target for pair in pairs] + sources)
        encoded = iter(latents[len(pairs) :])
        for pair, target in zip(pairs, latents, strict=False):
            given = (
                torch.zeros(LATENTS + 1, *target.shape[1:]) if pair.source is None else given_of(pair, next(encoded))
            )
            self.pool.append(Latents(target.clone(), given, pair.text, _control_of(pair)))

    @torch.no_grad()
    def _latents(self, pictures: list[Floats]) -> Tensor:
        pixels = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2) * 2 - 1
        with torch.autocast("cpu", torch.bfloat16):
            return self.vae.encode(pixels.contiguous(memory_format=torch.channels_last)).latent.float()


def given_of(pair: Pair, source: Tensor) -> Tensor:
    """Return the mask and the source's latents, 17 x h x w."""
    mask = nn.functional.interpolate(torch.from_numpy(pair.mask)[None, None], size=source.shape[1:], mode="area")[0]
    return torch.cat([mask, source])


def _control_of(pair: Pair) -> Tensor | None:
    return None if pair.control is None else torch.from_numpy(pair.control).permute(2, 0, 1)
