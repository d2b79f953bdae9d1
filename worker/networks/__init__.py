"""Torch modules of our own, which training imports too."""
