"""A GPT over a VQGAN's tokens draws images, or the rest of one, row by row (Esser et al. 2021, arXiv:2012.09841).

Images are ACROSS tokens wide, of SIDE px. The GPT sees the label and the rows above in a window of ACROSS rows, which
slides down images that are taller. What it makes is enlarged to the canvas.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import torch
from torch import Tensor
from transformers import (
    GPT2LMHeadModel,
    LogitsProcessorList,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from likeness.contract.engines import EngineSpec
from worker.components import Components
from worker.diffusion.tensors import signed_to_canvas
from worker.engine import Canvas, EngineTask, Plane, StepHook
from worker.engines.vqgan import tensor
from worker.networks.vqgan import ACROSS, FACTOR, SIDE, VQGAN, vqgan
from worker.networks.weights import load_float32, to_device

LEAST, MOST = 4, 64
"""Rows of tokens; an image that is wider or taller is squeezed into them."""


@dataclass(frozen=True)
class Plan:
    """What is to be drawn: so many rows of tokens, of which the first are given (rows x ACROSS)."""

    rows: int
    given: Tensor


class VQGANTransformerEngine:
    """A resident GPT and the VQGAN whose tokens it knows. Canvases are run one at a time."""

    def __init__(self, gpt: GPT2LMHeadModel, network: VQGAN) -> None:
        self.gpt, self.network = gpt, network

    @torch.inference_mode()
    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return an image of each task's label, or its canvas completed where its mask is 1; a step a row of tokens.

        What the mask leaves is not looked at below its first row, and comes back as tokens show it.
        """
        plans = [self._plan(task) for task in tasks]
        steps = sum(plan.rows - len(plan.given) + 1 for plan in plans)
        made, step = [], 0
        for task, plan in zip(tasks, plans, strict=True):
            rows = list(plan.given)
            for row in self._drawn(task, plan):
                rows.append(row)
                on_step(step := step + 1, steps, "denoising")
            made.append(self._canvas(task, torch.stack(rows)))
            on_step(step := step + 1, steps, "decoding")
        return made

    def _plan(self, task: EngineTask) -> Plan:
        rows = rows_of(task.canvas)
        if task.from_scratch or task.mask is None:
            return Plan(max(rows, ACROSS), torch.empty(0, ACROSS, dtype=torch.long))
        left = left_of(task.mask)
        shown = hidden_below(task.canvas, left)
        small = np.asarray(cv2.resize(shown, (SIDE, rows * FACTOR), interpolation=cv2.INTER_AREA), np.float32)
        tokens = self.network.tokens(self.network.encode(tensor(small, self.network)))[0].cpu()
        given = min(max(1, round(left * rows / len(task.canvas))), rows - 1) if left else 0
        return Plan(rows, tokens[:given])

    def _drawn(self, task: EngineTask, plan: Plan) -> Iterator[Tensor]:
        """Yield the rows of tokens that are not given, ACROSS each."""
        label = torch.tensor([self._label(task.word("label") or "")])
        generator = torch.Generator("cpu").manual_seed(task.seed)
        choose, rows = chooser(task), list(plan.given)
        for _ in range(plan.rows - len(plan.given)):
            context = torch.cat([label, *rows[1 - ACROSS :]])
            rows.append(self._row(context, choose, generator))
            yield rows[-1]

    def _row(self, context: Tensor, choose: LogitsProcessorList, generator: torch.Generator) -> Tensor:
        """Return ACROSS tokens drawn one after another, each given those before it."""
        past, tokens = None, []
        for _ in range(ACROSS):
            out = self.gpt(context[None].to(self.gpt.device), past_key_values=past, use_cache=True)
            logits = out.logits[:, -1, : self.network.config["codes"]].float().cpu()
            chances = choose(cast(torch.LongTensor, context[None]), logits).softmax(-1)
            context, past = torch.multinomial(chances, 1, generator=generator)[0], out.past_key_values
            tokens.append(context)
        return torch.cat(tokens)

    def _label(self, label: str) -> int:
        """Return the token that stands before an image of a label. Raises ValueError for one it does not know."""
        labels = self.gpt.config.id2label or {}
        return int(self.network.config["codes"]) + list(labels.values()).index(label)

    def _canvas(self, task: EngineTask, tokens: Tensor) -> Canvas:
        made = signed_to_canvas(self.network.pixels(tokens[None].to(self.network.device))[0])
        height, width = task.canvas.shape[:2]
        over = len(tokens) - rows_of(task.canvas)
        shown = made[over // 2 * FACTOR : len(made) - (over - over // 2) * FACTOR]
        whole = np.asarray(cv2.resize(shown, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
        return np.clip(whole, 0, 1)


def rows_of(canvas: Canvas) -> int:
    """Return how many rows of tokens an image of a canvas' proportions has, LEAST..MOST."""
    height, width = canvas.shape[:2]
    return min(max(round(ACROSS * height / width), LEAST), MOST)


def left_of(mask: Plane) -> int:
    """Return how many px rows, from the top, a mask leaves as they are."""
    covered = np.flatnonzero(mask.max(1) > 0)
    return int(covered[0]) if len(covered) else len(mask)


def hidden_below(canvas: Canvas, left: int) -> Canvas:
    """Return the canvas with its last row that is left drawn down to the bottom: nothing below it may show."""
    shown = canvas.copy()
    shown[left:] = canvas[max(left - 1, 0)]
    return shown


def chooser(task: EngineTask) -> LogitsProcessorList:
    """Return what a task's `temperature`, `top_k` and `top_p` make of logits; one that is not given does nothing."""
    kinds = {"temperature": TemperatureLogitsWarper, "top_k": TopKLogitsWarper, "top_p": TopPLogitsWarper}
    given = {name: task.parameters.get(name) for name in kinds}
    return LogitsProcessorList([kinds[name](value) for name, value in given.items() if value is not None])


def load(spec: EngineSpec, components: Components) -> VQGANTransformerEngine:
    """Load GPT and VQGAN in float32. Raises OSError when one is not there or not in safetensors."""
    folder, network = components.folder(spec.weights), vqgan(components, spec.parts["vqgan"])
    gpt = components.get((spec.weights, "gpt"), lambda: to_device(loaded(folder), components.device))
    return VQGANTransformerEngine(gpt, network)


def loaded(folder: Path) -> GPT2LMHeadModel:
    """Load the GPT in float32, on the CPU. Raises OSError when it is not there or not in safetensors."""
    return load_float32(GPT2LMHeadModel, folder)
