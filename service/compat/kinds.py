"""Which kind of job a request of another API is, where it does not say so."""

from collections.abc import Collection
from typing import Final

from likeness.contract.tasks import Customise, Recreate

EDIT_FIELDS: Final = frozenset(Customise.model_fields) - frozenset(Recreate.model_fields)
"""The fields that make a job with an image a customisation."""


def asks_for_change(fields: Collection[str], files: Collection[str]) -> bool:
    """Return whether the fields, or the files beside the image, ask for another image than the given one."""
    return bool(files) or not EDIT_FIELDS.isdisjoint(fields)
