"""A saved recipe: a part of a call, kept under a name for its owner's later calls."""

from typing import Any

from pydantic import Field

from likeness.contract.comparison import JobKind
from likeness.contract.strict import Strict

MAX_FIELDS = 64


class SavedRecipe(Strict):
    """A part of a call: any of its fields but images, `reference` and `recipe`."""

    kind: JobKind = Field(description="the call that it is for: `customise` is for `POST /customise`")
    fields: dict[str, Any] = Field(
        default={}, max_length=MAX_FIELDS, description="fields of that call and their values, as in its JSON body"
    )
