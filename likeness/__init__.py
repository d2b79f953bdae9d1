"""Likeness: recreate product photos with their frame unchanged and every result measured."""

__version__ = "0.1.0"
