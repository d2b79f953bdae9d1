"""Losses, and the networks that serve only as losses."""
