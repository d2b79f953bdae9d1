"""Replicate's predictions as one slice: requests and routes."""
