"""What the diffusers families share: loading, prompts, schedulers, LoRA, control maps, saving memory."""
