"""What libraries write to the log of a worker and tells nobody anything."""

import logging
import os

CHATTY = (
    "transformers.utils.import_utils",  # of torchvision, which nothing here needs
    "diffusers.loaders.lora_base",  # of adapters that change the denoiser alone, as most do
)


def keep_quiet() -> None:
    """Turn off progress bars of loading, and the loggers of CHATTY. Call it before transformers is imported."""
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.ERROR)
