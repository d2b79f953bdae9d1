"""What libraries write to the log of a worker that tells nobody anything, or tells what a caller wrote."""

import logging
import os
from collections.abc import Callable

CHATTY = {
    "transformers.utils.import_utils": "requires torchvision",  # which nothing here needs
    "diffusers.loaders.lora_base": "No LoRA keys",  # in text encoders, which most adapters leave as they are
    "diffusers.models.modeling_utils": "should be kept in float32: []",  # at every picture of SDXL
    "diffusers.pipelines.flux.pipeline_flux_kontext": "your input was truncated",  # and quotes the prompt
    "diffusers.pipelines.kandinsky2_2.pipeline_kandinsky2_2_prior": "your input was truncated",
}
"""By logger, what a line that is left out contains."""


def keep_quiet() -> None:
    """Turn off progress bars of loading, and the lines of CHATTY. Call it before transformers is imported."""
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    for name, text in CHATTY.items():
        logging.getLogger(name).addFilter(_without(text))


def _without(text: str) -> Callable[[logging.LogRecord], bool]:
    return lambda record: text not in record.getMessage()
