"""A start for the text encoder: it learns what an instruction requests before anything is drawn.

Trained from scratch, the denoiser took its colours from the noisy target and ignored the text for a long time, because
one word among 32 tokens carries little signal at first. So the encoder is pretrained for some minutes to predict the
attributes of a phrase from the mean of its states: kind, names, and colours as CIELAB numbers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from rich.progress import track
from torch import nn
from transformers import CLIPTextModel, CLIPTokenizer

from likeness.contract import colour_names, vocabulary
from likeness.contract.instructions import Edit, EditKind
from training.data.pairs import LAB_OF_NAME, drawn_edit
from training.data.phrases import phrase

NAMES = (
    *vocabulary.LEARNED_PATTERNS, *vocabulary.MATERIALS, *vocabulary.TEXTURES, *vocabulary.LEARNED_LIGHTS,
    "gradient", "plain",
)  # fmt: skip
KINDS = (EditKind.SAME, EditKind.RECOLOUR, EditKind.PATTERN, EditKind.MATERIAL, EditKind.BACKGROUND, EditKind.LIGHT)
PLACES = ("product", "pattern", "ground")
"""What a phrase can colour."""


@dataclass(frozen=True)
class Meaning:
    """A phrase and the numbers of its attributes."""

    text: str
    numbers: list[float]


def text_start(
    text: CLIPTextModel, tokenizer: CLIPTokenizer, nouns: Sequence[str], seed: int, steps: int = 1200
) -> float:
    """Train `text` in place; return the mean square error of the last steps (1 before training)."""
    meanings = _meanings(nouns, seed)
    head = nn.Linear(text.config.hidden_size, len(next(meanings).numbers))
    optimiser = torch.optim.AdamW([*text.parameters(), *head.parameters()], lr=1e-3, weight_decay=0.01)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1e-3, total_steps=steps)
    error = 1.0
    for _ in track(range(steps), "text encoder"):
        batch = [next(meanings) for _ in range(48)]
        tokens = tokenizer([one.text for one in batch], padding="max_length", truncation=True, return_tensors="pt")
        predicted = head(text(tokens.input_ids).last_hidden_state.mean(1))
        loss = (predicted - torch.tensor([one.numbers for one in batch])).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        rate.step()
        error += 0.05 * (float(loss.detach()) - error)
    return error


def _meanings(nouns: Sequence[str], seed: int) -> Iterator[Meaning]:
    random = np.random.default_rng(seed)
    colours = list(colour_names.CLOTH)
    while True:
        noun = nouns[int(random.integers(len(nouns)))]
        if random.random() < 0.3:
            inside, outside = (colours[random.integers(len(colours))] for _ in range(2))
            text = f"a photo of a {inside} {noun} on a {outside} background"
            yield Meaning(text, _numbers(None, "", {"product": inside, "ground": outside}))
        else:
            edit = drawn_edit(random)
            yield Meaning(phrase(edit, noun, random), _numbers(edit.kind, edit.name, _coloured(edit)))


def _coloured(edit: Edit) -> dict[str, str]:
    place = {EditKind.PATTERN: "pattern", EditKind.BACKGROUND: "ground"}.get(edit.kind, "product")
    return {place: edit.colour} if edit.colour else {}


def _numbers(kind: EditKind | None, name: str, colours: dict[str, str]) -> list[float]:
    numbers = [float(kind is one) for one in KINDS] + [float(name == one) for one in NAMES]
    for place in PLACES:
        lab = LAB_OF_NAME[colours[place]] / 40 if place in colours else np.zeros(3)
        numbers += [float(place in colours), *(float(one) for one in lab)]
    return [3 * number for number in numbers]
