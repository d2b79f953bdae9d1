"""The parts of an address that several calls share."""

from typing import Annotated

from fastapi import Header, Path

from likeness.contract.labels import RECIPE_PATTERN
from service.docs.examples import JOB_ID

JobId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="id of the job", examples=[JOB_ID])]
ImageNumber = Annotated[int, Path(ge=0, le=63, description="number of the image; 0 is the best", examples=[0])]
RecipePath = Annotated[
    str, Path(alias="recipe", pattern=RECIPE_PATTERN, description="name of the recipe", examples=["navy-packshot"])
]
IfNoneMatch = Annotated[
    str | None, Header(max_length=1000, description="the caller's ETags; 304 if one of them is current")
]
