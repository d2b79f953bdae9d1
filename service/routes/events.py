"""A job's events as they happen (server-sent events); a reader that lost the connection goes on where it was."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse
from starlette.responses import Response

from likeness.contract.errors import LikenessError, NotAuthenticated, Unavailable
from likeness.contract.events import Event
from likeness.contract.jobs import Job
from service.auth.dependencies import authenticate
from service.docs import examples
from service.docs.responses import problems_of_job
from service.http.query import OnlyQuery
from service.routes.paths import JobId
from service.state import Services, Use

router = APIRouter(tags=["jobs"])

PING_SECONDS = 15
Token = Annotated[str | None, Query(max_length=200, description="in place of an API key; from the job's link")]
LastEventId = Annotated[
    str | None, Header(pattern=r"^\d{1,19}-\d{1,19}$", description="id of the last event that was read")
]


def reader(request: Request, services: Use, job_id: JobId, token: Token = None) -> str:
    """Return whose job it is to be read for, by API key or by the token of the job's link. Raises NotAuthenticated."""
    if token is None or not services.keys.required:
        return authenticate(request, services)
    owner = services.keys.owner_of_token(token, job_id)
    if owner is None:
        raise NotAuthenticated("the token is not for this job, or its hour is over")
    return owner


Reader = Annotated[str, Depends(reader)]


@router.get(
    "/jobs/{job_id}/events",
    response_class=EventSourceResponse,
    dependencies=[Depends(OnlyQuery("token"))],
    responses={
        200: {
            "description": "`status` and `progress` events; the one that ends the job is the last. "
            "`error` says why the stream broke off.",
            "content": {
                "text/event-stream": {
                    "schema": {"$ref": "#/components/schemas/StreamedEvent"},
                    "examples": {"example": {"value": examples.EVENTS}},
                }
            },
        },
        204: {"description": "The job has ended and nothing comes after `Last-Event-ID`: do not connect again"},
        **problems_of_job(below="/events"),
    },
)
async def read_events(
    services: Use,
    owner: Reader,
    job_id: JobId,
    last_event_id: LastEventId = None,
) -> Response:
    """Follow a job: each status, and its progress up to four times a second, until it has ended."""
    job = await services.queue.fetch(job_id, owner)
    if last_event_id and job.status.ended and await _nothing_after(services, job, last_event_id):
        return Response(status_code=204, headers={"Cache-Control": "no-store"})
    stream = _stream(services, job, last_event_id)
    first = await anext(stream)  # so that a lack of places is told by the status
    return EventSourceResponse(
        _all(first, stream), headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}, ping=PING_SECONDS
    )


async def _nothing_after(services: Services, job: Job, last: str) -> bool:
    """Return whether the job's last event is `last`. The queue then tells how the job ended, under the same id."""
    async for event_id, _ in services.queue.events(job.id, job.owner, last):
        return event_id == last
    return True


async def _stream(services: Services, job: Job, after: str | None) -> AsyncGenerator[ServerSentEvent]:
    """Yield a job's events. Raises Unavailable before the first when too many calls wait."""
    with services.waiting.taken(job.owner) as place:
        if not place:
            raise Unavailable("too many calls follow jobs now; poll the job instead", retry_after=5)
        yield ServerSentEvent(comment="events follow")
        try:
            async with aclosing(services.queue.events(job.id, job.owner, after)) as events:
                async for event_id, event in events:
                    yield _sse(event_id, event)
        except LikenessError as error:
            yield ServerSentEvent(json.dumps({"code": error.code, "detail": error.detail}), event="error")


async def _all(first: ServerSentEvent, rest: AsyncGenerator[ServerSentEvent]) -> AsyncGenerator[ServerSentEvent]:
    async with aclosing(rest):  # a reader that goes gives its place back at once
        yield first
        async for event in rest:
            yield event


def _sse(event_id: str, event: Event) -> ServerSentEvent:
    return ServerSentEvent(event.model_dump_json(exclude_none=True), event=event.type, id=event_id)
