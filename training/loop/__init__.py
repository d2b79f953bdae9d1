"""The training loop: time, state, logs, checkpoints."""
