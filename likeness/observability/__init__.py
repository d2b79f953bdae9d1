"""Logs and traces, as every program writes them."""
