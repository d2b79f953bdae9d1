"""The parts of an address that several calls share."""

from typing import Annotated

from fastapi import Path

from service.examples import JOB_ID

JobId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="id of the job", examples=[JOB_ID])]
ImageNumber = Annotated[int, Path(ge=0, le=63, description="number of the image; 0 is the best", examples=[0])]
