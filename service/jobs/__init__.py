"""Accepting jobs and keeping what belongs to them."""
