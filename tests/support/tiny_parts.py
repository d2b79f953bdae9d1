"""What the small models of tests/support/tiny.py are made of."""

import string

import torch
from diffusers.models import AutoencoderKL
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

THIN = {"hidden_size": 32, "intermediate_size": 37, "num_hidden_layers": 2, "num_attention_heads": 4}
"""Sizes of a small transformer."""


def tokenizer() -> CLIPTokenizer:
    """Return a tokenizer of single letters, 77 tokens long."""
    letters = [*string.ascii_lowercase, *string.digits, *string.punctuation]
    words = [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={word: number for number, word in enumerate(words)}, merges=[], model_max_length=77)


def text_encoder(kind: type[CLIPTextModel | CLIPTextModelWithProjection] = CLIPTextModel) -> nn.Module:
    """Return a CLIP text model of 3 layers, 32 wide, for `tokenizer`."""
    read = tokenizer()
    return kind(
        CLIPTextConfig(
            **THIN | {"num_hidden_layers": 3},
            vocab_size=len(read),
            projection_dim=32,
            max_position_embeddings=77,
            bos_token_id=read.bos_token_id,
            eos_token_id=read.eos_token_id,
            pad_token_id=read.eos_token_id,
        )
    ).eval()


def autoencoder(**config: float) -> AutoencoderKL:
    """Return an autoencoder with 8 px a latent, like Stable Diffusion's."""
    return AutoencoderKL(
        block_out_channels=(8, 8, 16, 16),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        norm_num_groups=4,
        layers_per_block=1,
        **config,
    )


def seeded(seed: int) -> None:
    """Let what is drawn from here on be the same every time."""
    torch.manual_seed(seed)
