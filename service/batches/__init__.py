"""Batches: many items by several recipes, checked whole, kept in chunks, and read as manifest and archive."""
