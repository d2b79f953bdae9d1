"""Exact edits by arithmetic: recolouring, backgrounds, light, prints, sizes; and what training pairs are made with."""
