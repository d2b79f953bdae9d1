"""Prompts as CLIP's text encoders take them: emphasis in brackets, any length, early layers when asked.

`(word)` weighs 1.1, `(word:1.4)` as it says, `[word]` 1 / 1.1; brackets may be nested, and a backslash takes a bracket
as it is: the notation of AUTOMATIC1111's web UI. What a weight does is theirs too: the token's states are multiplied,
and the mean of all is put back to what it was. Texts of more tokens than the encoder reads are read in chunks.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

ROUND, SQUARE = 1.1, 1 / 1.1
TOKEN = re.compile(r"\\[()\[\]\\]|[()\[\]]|:\s*(?:\d+(?:\.\d+)?|\.\d+)\s*\)|[^\\()\[\]:]+|.", re.DOTALL)
MOST_WEIGHT = 10.0


@dataclass(frozen=True)
class Encoder:
    """A tokenizer and the text model it belongs to."""

    tokenizer: CLIPTokenizer
    model: CLIPTextModel | CLIPTextModelWithProjection

    @property
    def room(self) -> int:
        """How many tokens of a text fit into one chunk, without those that begin and end it."""
        return int(self.tokenizer.model_max_length) - 2


@dataclass(frozen=True)
class Chunk:
    """As much of a text as an encoder reads at once: ids and weights, of `room` + 2 tokens."""

    ids: list[int]
    weights: list[float]


def emphasised(text: str) -> list[tuple[str, float]]:
    """Return a prompt cut into pieces of one weight each, without the brackets that say so."""
    pieces: list[tuple[str, float]] = []
    opened: list[tuple[str, int]] = []
    for part in TOKEN.findall(text):
        if part in ("(", "["):
            opened.append((part, len(pieces)))
        elif part == "]" and _is_open(opened, "["):
            _weigh(pieces, opened.pop()[1], SQUARE)
        elif part == ")" and _is_open(opened, "("):
            _weigh(pieces, opened.pop()[1], ROUND)
        elif part.startswith(":") and part.endswith(")") and _is_open(opened, "("):
            _weigh(pieces, opened.pop()[1], min(MOST_WEIGHT, float(part[1:-1])))
        else:
            pieces.append((part[1:] if part.startswith("\\") and len(part) == 2 else part, 1.0))
    for bracket, at in reversed(opened):  # never closed: it is a sign like any other
        pieces.insert(at, (bracket, 1.0))
    return _joined(pieces)


def _is_open(opened: list[tuple[str, int]], bracket: str) -> bool:
    return bool(opened) and opened[-1][0] == bracket


def _weigh(pieces: list[tuple[str, float]], start: int, weight: float) -> None:
    pieces[start:] = [(text, old * weight) for text, old in pieces[start:]]


def _joined(pieces: list[tuple[str, float]]) -> list[tuple[str, float]]:
    joined: list[tuple[str, float]] = []
    for text, weight in pieces:
        if joined and joined[-1][1] == weight:
            joined[-1] = (joined[-1][0] + text, weight)
        else:
            joined.append((text, weight))
    return joined


def chunks(encoder: Encoder, text: str) -> list[Chunk]:
    """Return a prompt's chunks, at least one."""
    ids: list[int] = []
    weights: list[float] = []
    for piece, weight in emphasised(text):
        found = encoder.tokenizer(piece, add_special_tokens=False, verbose=False).input_ids
        ids += found
        weights += [weight] * len(found)
    return [
        _chunk(encoder, ids[at : at + encoder.room], weights[at : at + encoder.room])
        for at in range(0, max(1, len(ids)), encoder.room)
    ]


def _chunk(encoder: Encoder, ids: list[int], weights: list[float]) -> Chunk:
    read = encoder.tokenizer
    missing = encoder.room - len(ids)
    padded = [read.bos_token_id, *ids, read.eos_token_id, *[read.pad_token_id] * missing]
    return Chunk(padded, [1.0, *weights, *[1.0] * (missing + 1)])


def states(encoder: Encoder, read: Sequence[Chunk], skipped: int, *, normed: bool) -> tuple[Tensor, Tensor | None]:
    """Return a prompt's states, 1 x tokens x width, and the encoder's pooled state of the first chunk, if it has one.

    `skipped` of its last layers are left out; with `normed` its last norm is applied to what is taken.
    """
    made, whole = [], None
    for chunk in read:
        ids = torch.tensor([chunk.ids], device=encoder.model.device)
        out = encoder.model(ids, output_hidden_states=True)
        raw = out.hidden_states[-1 - skipped]
        raw = cast(nn.Module, encoder.model.final_layer_norm)(raw) if normed else raw
        made.append(_weighted(raw.float(), torch.tensor(chunk.weights, device=raw.device)))
        if whole is None:
            whole = getattr(out, "text_embeds", None)
    return torch.cat(made, 1), None if whole is None else whole.float()


def _weighted(raw: Tensor, weights: Tensor) -> Tensor:
    if bool((weights == 1).all()):
        return raw
    made = raw * weights[None, :, None]
    return made * (raw.mean() / made.mean())


def encode_prompts(
    encoders: Sequence[Encoder], text: str, negative: str, skipped: int, *, normed: bool
) -> dict[str, Tensor]:
    """Return a prompt and its negative prompt as a pipeline takes them, of equal length.

    Several encoders' states lie side by side; the pooled one is the last encoder's, of the whole text.
    """
    texts = {"prompt_embeds": text, "negative_prompt_embeds": negative}
    cut = {name: [chunks(one, each) for one in encoders] for name, each in texts.items()}
    length = max(len(one) for each in cut.values() for one in each)
    made: dict[str, Tensor] = {}
    for name, each in cut.items():
        blank = [chunks(one, "") for one in encoders]
        filled = [one + spare * (length - len(one)) for one, spare in zip(each, blank, strict=True)]
        encoded = [states(one, read, skipped, normed=normed) for one, read in zip(encoders, filled, strict=True)]
        made[name] = torch.cat([one for one, _ in encoded], -1)
        if (pooled := encoded[-1][1]) is not None:
            made[name.replace("prompt", "pooled_prompt")] = pooled
    return made


def collate(prompts: Sequence[Mapping[str, Tensor]], device: torch.device) -> dict[str, Tensor]:
    """Return the prompts of several images as one batch, on a device."""
    return {name: torch.cat([one[name] for one in prompts]).to(device) for name in prompts[0]}


def group_by_prompt_length(prompts: Sequence[Mapping[str, Tensor]]) -> list[list[int]]:
    """Return which images may share a run: those whose prompts are equally long."""
    groups: dict[int, list[int]] = {}
    for index, one in enumerate(prompts):
        groups.setdefault(one["prompt_embeds"].shape[1], []).append(index)
    return list(groups.values())
