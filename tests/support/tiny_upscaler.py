"""A small model that enlarges pictures; see tests/support/tiny.py."""

from pathlib import Path

from transformers import Swin2SRConfig, Swin2SRForImageSuperResolution

from tests.support.tiny_parts import seeded


def upscaler(folder: Path) -> None:
    """Save a Swin2SR of one small block that doubles each side, as the published one does."""
    seeded(15)
    config = Swin2SRConfig(embed_dim=12, depths=[1], num_heads=[2], image_size=16, window_size=8, upscale=2)
    Swin2SRForImageSuperResolution(config).save_pretrained(folder)
