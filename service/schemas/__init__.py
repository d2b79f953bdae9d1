"""What callers send and what the service answers, as models."""
