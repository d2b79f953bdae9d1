"""An OpenAI edit with `background=transparent`: a cut-out, where nothing else is asked."""

import re
from typing import Any, Final

from likeness.contract.errors import InvalidField
from likeness.contract.packshots import Cutout
from service.compat.openai.schemas import EditRequest
from service.jobs.submission import Submission, Upload, submitted

ASKED: Final = re.compile(
    r"(please )?(remove|erase|delete|drop|cut out|take out|make transparent) (the )?(image |whole )?"
    r"(background|product|object|subject)( from (this|the) (image|picture|photo))?[.!]?",
    re.IGNORECASE,
)
"""Prompts that ask for no more than a cut-out."""


def asks_for_cutout(request: EditRequest) -> bool:
    """Return whether an edit asks for a cut-out and nothing else; without a prompt, its background says it."""
    prompt = request.prompt.strip()
    alone = request.background == "transparent" and not request.model_extra
    return alone and (not prompt or ASKED.fullmatch(prompt) is not None)


def cut_out(request: EditRequest, image: Upload, fields: dict[str, Any], files: int) -> Submission:
    """Return the cut-out that an edit asks for. `files` is the number of images sent beside the first."""
    if files:
        raise InvalidField.at("image", "a cut-out takes one image, and finds its product by itself")
    if fields.get("format") == "jpeg":
        raise InvalidField.at("output_format", "jpeg cannot be transparent; take png or webp")
    if "quality" in fields:
        raise InvalidField.at("output_compression", "a cut-out is lossless; leave it out")
    return submitted(fields, image, {}, Cutout)
