"""The tokenizer: CLIP's byte pairs, cut to the first merges so that the text model stays small.

CLIP's vocabulary (Radford et al. 2021, MIT) as open_clip_torch ships it has 48,894 merges in the order they were
learned; the first ones are those of the commonest words. What is cut off is spelled in smaller pieces, nothing is lost.
"""

import gzip
from importlib import resources
from pathlib import Path

from transformers import CLIPTokenizer

MERGES = 6144
LENGTH = 32
"""Tokens of a text, ends included; what is longer is cut off."""


def build(vocabulary: Path | None = None) -> CLIPTokenizer:
    """Return the tokenizer made of `bpe_simple_vocab_16e6.txt.gz`, by default that of an installed open_clip_torch."""
    source = vocabulary or resources.files("open_clip").joinpath("bpe_simple_vocab_16e6.txt.gz")
    with source.open("rb") as packed:
        lines = gzip.decompress(packed.read()).decode("utf-8").split("\n")
    merges = [tuple(line.split()) for line in lines[1 : MERGES + 1] if line]
    pieces = _bytes()
    pieces += [piece + "</w>" for piece in pieces]
    pieces += ["".join(merge) for merge in merges]
    pieces += ["<|startoftext|>", "<|endoftext|>"]
    vocab = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    return CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=LENGTH, pad_token="<|endoftext|>")  # type: ignore[arg-type]  # noqa: S106  tokenizers takes pairs; no password


def _bytes() -> list[str]:
    """Return the 256 printable characters that stand for bytes in CLIP's and GPT-2's vocabularies, in their order."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + index) for index in range(len(others))]
