"""A drill: an engine that takes a set time, fails or dies on command, to rehearse what happens then.

It makes the given canvas again with faint noise from its seed. It is in no shipped catalogue; the tests, and whoever
wants to see a cluster lose a worker, name it in a catalogue of their own (docs/operations.md shows one).
"""

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from likeness.contract.engines import EngineSpec
from worker.engine import Canvas, DeviceLost, EngineTask, StepHook

if TYPE_CHECKING:
    from worker.components import Components

STEP_SECONDS = 0.05
"""Time of a step whose `strength` is 0; each 0.1 of strength adds as much again."""


MEASURES = ("VAE slicing", "VAE tiling", "CPU offload")
"""What it does about too little memory, in order."""
FITS = {"memory-alone": 2, "memory-never": len(MEASURES) + 1}
"""Prompts that need more memory than there is until so many measures were taken."""
DRIFT = (1, 2)
"""Px down and to the right, with the prompt `drift`."""


class DrillEngine:
    """Runs `steps` steps; the prompt says what goes wrong in the first of them."""

    def __init__(self) -> None:
        self.saving = 0
        """Measures taken."""

    def save_memory(self) -> str | None:
        """Take one more measure and return its name, or None when none is left."""
        if self.saving == len(MEASURES):
            return None
        self.saving += 1
        return MEASURES[self.saving - 1]

    def spend_memory(self) -> None:
        """Undo every measure."""
        self.saving = 0

    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return each canvas with noise. Prompts: `raise`, `device-lost`, `kill`, `hang` and `drift` do as they say.

        Out of memory: `memory` with two images together, `memory-alone` until two measures are taken, `memory-never`
        whatever is tried.

        `until PATH` waits for a file at that path; `slow-together` takes a second a step with several pictures.

        `copy` returns the canvas itself, which takes no processor. `black` makes a black image, and `nan` one that is
        not a number in places, as overflowing decoders do.
        `preview` fails when it is asked to show what it has.
        """
        steps = max(_number(task, "steps") for task in tasks)
        pause = STEP_SECONDS * (1 + 10 * max(_number(task, "strength") for task in tasks))
        for step in range(1, int(steps) + 1):
            for task in tasks:
                self._misbehave(str(task.parameters.get("prompt") or ""), len(tasks))
            time.sleep(pause)
            on_step(step, int(steps), "denoising", lambda: [_so_far(task) for task in tasks])
        return [_noisy(task) for task in tasks]

    def _misbehave(self, prompt: str, together: int) -> None:
        if prompt == "raise":
            raise RuntimeError("a drill: the engine raises")
        if prompt == "device-lost":
            raise DeviceLost("a drill: the device refuses every call")
        if prompt == "memory" and together > 1:
            raise MemoryError("a drill: two pictures do not fit")
        if self.saving < FITS.get(prompt, 0):
            raise MemoryError("a drill: the picture does not fit")
        if prompt == "exit":
            raise SystemExit("a drill: a library ends the thread")
        if prompt == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if prompt == "hang":
            time.sleep(3600)
        if prompt == "slow-together" and together > 1:
            time.sleep(1 / together)
        if prompt.startswith("until "):
            while not Path(prompt.removeprefix("until ")).exists():
                time.sleep(0.01)


def _number(task: EngineTask, name: str) -> float:
    value = task.parameters[name]
    return float(value) if isinstance(value, int | float) else 0.0


def _so_far(task: EngineTask) -> Canvas:
    if task.parameters.get("prompt") == "preview":
        raise RuntimeError("a drill: there is nothing to show")
    return _noisy(task)


def _noisy(task: EngineTask) -> Canvas:
    if task.parameters.get("prompt") == "copy":
        return task.canvas
    noise = np.random.default_rng(task.seed).normal(0, 0.01, task.canvas.shape)
    made = np.clip(task.canvas + noise, 0, 1).astype(np.float32)
    prompt = task.parameters.get("prompt")
    if prompt == "black":
        return np.zeros_like(made)
    if prompt == "nan":
        made[::2] = np.nan
    return np.roll(made, DRIFT, axis=(0, 1)) if prompt == "drift" else made


def load(spec: EngineSpec, components: "Components") -> DrillEngine:
    """Return the drill; it has no weights."""
    return DrillEngine()
