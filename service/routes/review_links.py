"""Review links: what a colleague reviews the results of one reference with, for a day, and does nothing else."""

from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from likeness.contract import errors
from likeness.contract.reviews import NewReviewLink
from service.auth.dependencies import Authenticated
from service.docs.responses import EVERYWHERE, OWNED, answer, json_body, problems
from service.http.json_models import read_model
from service.http.query import OnlyQuery
from service.routes.jobs import as_json
from service.state import Use

router = APIRouter(tags=["jobs"])

ASKED: Final = {"reference": "autumn", "name": "anna", "hours": 24}
TOKEN: Final = "lr_anna.1768474800.mQ3v..."  # noqa: S105  an example
MADE: Final = {
    "reference": "autumn",
    "name": "anna",
    "token": TOKEN,
    "url": f"/review#{urlencode({'reference': 'autumn', 'link': TOKEN})}",
    "expires_at": "2026-01-15T11:00:00Z",
}


class ReviewLinkView(BaseModel):
    """A link that was made. Its token is told this once."""

    reference: str
    name: str
    token: str = Field(description="sent in the place of an API key; kept as its sha256 alone")
    url: str = Field(description="of the page /review; the token is behind the #, which browsers send to nobody")
    expires_at: datetime = Field(description="when it stops working")


@router.post(
    "/review-links",
    status_code=201,
    response_model=ReviewLinkView,
    dependencies=[Depends(OnlyQuery())],
    openapi_extra=json_body("NewReviewLink", ASKED),
    responses={
        201: answer("Made", MADE),
        **problems(*EVERYWHERE, *OWNED, errors.UnsupportedMedia, instance="/review-links"),
    },
)
async def make_review_link(request: Request, services: Use, caller: Authenticated) -> Response:
    """Make a link by which somebody without an API key reviews the results of one reference, and does nothing else.

    Its token lists those jobs, reads their images and originals, and reviews them as `anna (link)`: no other call
    takes it. It can do no more than your key, and ends with it, or after `hours`.
    """
    asked = await read_model(request, NewReviewLink)
    token, until = await services.review_links.make(asked, caller.owner, caller.name)
    page = f"{request.scope.get('root_path', '')}/review#{urlencode({'reference': asked.reference, 'link': token})}"
    made = ReviewLinkView(reference=asked.reference, name=asked.name, token=token, url=page, expires_at=until)
    return as_json(made, 201)
