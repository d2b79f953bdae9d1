"""The base of the models of jobs."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A model that takes no unknown field, and whose errors do not quote what a caller wrote."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
