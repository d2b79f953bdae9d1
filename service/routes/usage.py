"""What a key used: jobs, images and seconds of work, a day at a time."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from likeness.contract.usage import DayUsage
from likeness.queue import keys
from service.auth.dependencies import Authenticated
from service.docs.responses import EVERYWHERE, OWNED, answer, problems
from service.http.query import OnlyQuery
from service.state import Use

router = APIRouter(tags=["operation"])

EXAMPLE: Final = {
    "key": "nightly",
    "daily_quota": 500,
    "concurrency": None,
    "days": [
        {
            "day": "2026-11-21",
            "accepted": 42,
            "succeeded": 39,
            "failed": 1,
            "cancelled": 2,
            "images": 51,
            "seconds": 63.5,
        }
    ],
}


class UsageView(BaseModel):
    """What the caller's key has used, and its limits."""

    key: str = Field(description="name of the API key; `local` where no keys are in use")
    daily_quota: int | None = Field(description="maximum number of jobs accepted per UTC day; null: no limit")
    concurrency: int | None = Field(description="maximum number of jobs running at once; null: no limit")
    days: list[DayUsage] = Field(description="today first")


@router.get(
    "/usage",
    response_model=UsageView,
    dependencies=[Depends(OnlyQuery("days"))],
    responses={200: answer("What was used", EXAMPLE), **problems(*EVERYWHERE, *OWNED, instance="/usage")},
)
async def read_usage(
    services: Use,
    caller: Authenticated,
    days: Annotated[int, Query(ge=1, le=keys.USAGE_DAYS, description="how many UTC days, today with them")] = 1,
) -> UsageView:
    """Get what your key has used, and its limits."""
    limits = services.keys.limits_of(caller.owner)
    used = await services.queue.usage(caller.owner, days)
    return UsageView(key=caller.name, daily_quota=limits.daily_quota, concurrency=limits.concurrency, days=used)
