"""Small models that caption pictures; see tests/support/tiny.py."""

import string
from pathlib import Path

from torch import nn
from transformers import BertTokenizer, BlipConfig, BlipForConditionalGeneration, GitConfig, GitForCausalLM
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from tests.support.tiny_parts import THIN, seeded


def captioner(folder: Path) -> None:
    """Save a BLIP that writes single letters; as in the real one, the sign to begin with is no word of its own."""
    seeded(12)
    read = letters_tokenizer()
    ids = {"bos_token_id": len(read), "sep_token_id": read.sep_token_id, "eos_token_id": read.sep_token_id}
    text = {**THIN, **ids, "vocab_size": len(read) + 1, "encoder_hidden_size": 32, "pad_token_id": read.pad_token_id}
    sight = {**THIN, "image_size": 32, "patch_size": 8}
    network = BlipForConditionalGeneration(BlipConfig(text_config=text, vision_config=sight))
    sharpen(network)
    network.save_pretrained(folder)
    read.save_pretrained(folder)
    BlipImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)


def other_captioner(folder: Path) -> None:
    """Save a GIT that writes single letters."""
    seeded(13)
    read = letters_tokenizer()
    sight = {**THIN, "image_size": 32, "patch_size": 8}
    ids = {"bos_token_id": read.cls_token_id, "eos_token_id": read.sep_token_id, "pad_token_id": read.pad_token_id}
    network = GitForCausalLM(GitConfig(**THIN, **ids, vocab_size=len(read), vision_config=sight))
    sharpen(network)
    network.save_pretrained(folder)
    read.save_pretrained(folder)
    CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(folder)


def letters_tokenizer() -> BertTokenizer:
    """Return a tokenizer of single letters, like BERT's."""
    signs = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = [*signs, *string.ascii_lowercase, *(f"##{letter}" for letter in string.ascii_lowercase)]
    return BertTokenizer(vocab={word: number for number, word in enumerate(words)})


def sharpen(network: nn.Module) -> None:
    """Draw every weight wide, so that what is seen decides what is said."""
    for parameter in network.parameters():
        if parameter.ndim > 1:
            nn.init.normal_(parameter, std=0.3)
