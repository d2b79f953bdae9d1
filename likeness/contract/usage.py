"""What a key used."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field


class DayUsage(BaseModel):
    """What one key used in one UTC day. A job counts as accepted on one day, and as ended on the day it ends."""

    model_config = ConfigDict(extra="forbid")

    day: date
    accepted: int = Field(default=0, ge=0, description="jobs; counted towards the daily quota")
    succeeded: int = Field(default=0, ge=0)
    failed: int = Field(default=0, ge=0)
    cancelled: int = Field(default=0, ge=0, description="with those deleted before they ended")
    images: int = Field(default=0, ge=0, description="images of results")
    seconds: float = Field(
        default=0, ge=0, description="that workers had its jobs; of a run shared by n jobs each counts an n-th"
    )
