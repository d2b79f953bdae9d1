"""Customisation quality: what the starter engines must do, measured through the worker's own path."""
