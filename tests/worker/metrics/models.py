"""Small random weights of the learned metrics, saved in folders of the names that a worker looks for."""

from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel, CLIPTokenizer

from worker.config import WEIGHTS
from worker.metrics.installed import CLIP, LPIPS, PERCEPTUAL_FILES, ST_LPIPS
from worker.metrics.perceptual import PerceptualDistance


def save_perceptual(models: Path, name: str) -> Path:
    """Save a random network; it has the one size there is (10 MB), and weights of channels that are never negative."""
    torch.manual_seed(1)
    network = PerceptualDistance(name == ST_LPIPS)
    state = {key: value.abs() if key.startswith("lins") else value for key, value in network.state_dict().items()}
    (models / name).mkdir(parents=True)
    save_file(state, models / name / PERCEPTUAL_FILES[name])
    return models / name / PERCEPTUAL_FILES[name]


def save_clip(models: Path) -> Path:
    """Save a random CLIP that sees 32 px, with the tokenizer that ships."""
    torch.manual_seed(2)
    tokenizer = CLIPTokenizer.from_pretrained(WEIGHTS / "starter" / "tokenizer", local_files_only=True)
    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    special = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id, "pad_token_id": 0}
    config = CLIPConfig(
        text_config={**small, **special, "vocab_size": len(tokenizer), "projection_dim": 16},
        vision_config={**small, "image_size": 32, "patch_size": 8, "projection_dim": 16},
        projection_dim=16,
    )
    CLIPModel(config).save_pretrained(models / CLIP)
    tokenizer.save_pretrained(models / CLIP)
    return models / CLIP


def save_all(models: Path) -> Path:
    """Save all three and return their folder."""
    save_perceptual(models, LPIPS)
    save_perceptual(models, ST_LPIPS)
    save_clip(models)
    return models
