"""Edits made by arithmetic: what the training pairs are made with, and what prepares or finishes a diffused edit."""
