"""Batches: post one, follow it, stop it, make parts of it again."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from likeness.contract import errors
from likeness.contract.batches import BatchState, Retried
from service.auth.dependencies import Owner
from service.batches import control
from service.batches.posting import BatchHead, accept, rehearse
from service.batches.rows import read_posted
from service.batches.views import view_of
from service.docs import batches as examples
from service.docs.responses import EVERYWHERE, OWNED, Responses, answer, problems
from service.http.query import OnlyQuery
from service.http.submitting import submits
from service.queue.batch import Batch
from service.routes.jobs import as_json
from service.routes.requests import IdempotencyKey
from service.schemas.batches import BatchDryRun, BatchPage, BatchView
from service.state import Services, Use

router = APIRouter(tags=["batches"])

BatchId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="id of the batch", examples=[examples.BATCH_ID])]
Act = Callable[[Callable[..., Awaitable[Response]]], Callable[..., Awaitable[Response]]]
POSTING: Final = (
    errors.InvalidBatch,
    errors.UnsupportedMedia,
    errors.IdempotencyMismatch,
    errors.UnknownEngine,
    errors.StoreUnavailable,
)
BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["recipes", "items"],
                    "properties": {
                        **BatchHead.model_json_schema(ref_template="#/components/schemas/{model}")["properties"],
                        "items": {
                            "type": "array",
                            "description": "up to 100,000, each with `reference`, `image`, `set` and values",
                            "items": {"type": "object", "additionalProperties": True},
                        },
                    },
                },
                "examples": {"example": {"summary": "Two items by two recipes", "value": examples.BATCH}},
            },
            "application/jsonl": {
                "schema": {"type": "string"},
                "examples": {"example": {"summary": "One item", "value": examples.JSONL}},
            },
        },
    }
}


def problems_of_batch(*kinds: type[errors.LikenessError], below: str = "") -> Responses:
    """Return the `responses` of an operation on one batch, at `below` its address."""
    everywhere = (*EVERYWHERE, *OWNED, errors.BatchNotFound)
    return problems(*everywhere, *kinds, instance=f"{examples.HERE}{below}")


async def found(services: Use, owner: Owner, batch_id: BatchId) -> Batch:
    """Return the batch of a request. Raises BatchNotFound."""
    return await services.batches.fetch(batch_id, owner)


Found = Annotated[Batch, Depends(found)]


def acts(verb: str, told: str, *kinds: type[errors.LikenessError], query: Sequence[str] = (), **shown: str) -> Act:
    """Return the decorator of a call that acts on a batch and answers with it, as `shown` differs from the example."""
    return router.post(
        f"/batches/{{batch_id}}/{verb}",
        response_model=BatchView,
        dependencies=[Depends(OnlyQuery(*query))],
        responses={200: answer(told, {**examples.VIEW, **shown}), **problems_of_batch(*kinds, below=f"/{verb}")},
    )


@router.post(
    "/batches",
    status_code=202,
    response_model=BatchView,
    dependencies=[Depends(OnlyQuery("dry_run"))],
    responses={
        200: {**answer("The response to `dry_run=true`", examples.DRY_RUN), "model": BatchDryRun},
        202: answer("Accepted", {**examples.VIEW, "counts": examples.NONE_YET}, Location="the batch"),
        **problems(*EVERYWHERE, *OWNED, *POSTING, instance="/batches"),
    },
    openapi_extra=BODY,
)
@submits(images=0, rows=True)
async def post_batch(
    request: Request,
    services: Use,
    owner: Owner,
    idempotency_key: IdempotencyKey = None,
    dry_run: Annotated[
        Literal["true", "false"],
        Query(description="with `true`, nothing starts: all is checked, but not whether images are uploaded already"),
    ] = "false",
) -> Response:
    """Make many items by several recipes: every row is checked first, and if one is wrong nothing starts.

    As JSON; as JSONL, whose first line has what stands beside the items; or as a form whose part `items` is a .csv or
    .jsonl file (docs/batches.md). Images by URL are fetched when their turn comes.
    """
    posted = await read_posted(request, services.settings.max_batch_bytes)
    if dry_run == "true":
        return as_json(await rehearse(services, owner, posted))
    made = await accept(services, owner, posted, idempotency_key)
    headers = {"Location": view_of(made.batch, _root(request)).links.self}
    if made.replayed:
        headers["Idempotency-Replayed"] = "true"
    return _answer(request, made.batch, 202, headers)


@router.get(
    "/batches",
    response_model=BatchPage,
    dependencies=[Depends(OnlyQuery("limit", "cursor"))],
    responses={200: answer("A page", examples.PAGE), **problems(*EVERYWHERE, *OWNED, instance="/batches")},
)
async def list_batches(
    request: Request,
    services: Use,
    owner: Owner,
    limit: Annotated[int, Query(ge=1, le=100, description="maximum number of batches in the page")] = 20,
    cursor: Annotated[str | None, Query(pattern="^[0-9a-f]{32}$", description="`next` of the previous page")] = None,
) -> Response:
    """List your batches, newest first."""
    batches, following = await services.batches.listing(owner, limit, cursor)
    return as_json(BatchPage(batches=[view_of(batch, _root(request)) for batch in batches], next=following))


@router.get(
    "/batches/{batch_id}",
    response_model=BatchView,
    dependencies=[Depends(OnlyQuery())],
    responses={200: answer("The current state of the batch", examples.VIEW), **problems_of_batch()},
)
async def read_batch(request: Request, batch: Found) -> Response:
    """Get how a batch stands: counts by state, verdict and recipe, the rate, the time left, and device seconds."""
    return _answer(request, batch)


@router.delete(
    "/batches/{batch_id}",
    status_code=204,
    dependencies=[Depends(OnlyQuery())],
    responses={204: {"description": "Cancelled and erased"}, **problems_of_batch(errors.StoreUnavailable)},
)
async def delete_batch(services: Use, batch: Found) -> Response:
    """Cancel a batch, and erase it and its results."""
    await control.delete(services, batch)
    return Response(status_code=204)


@acts("pause", "The batch", errors.BatchEnded, state="paused")
async def pause_batch(request: Request, services: Use, batch: Found) -> Response:
    """Feed no more of a batch to the queue; its jobs that are there are finished."""
    return _answer(request, await control.move(services, batch, BatchState.RUNNING, to=BatchState.PAUSED))


@acts("resume", "The batch", errors.BatchEnded)
async def resume_batch(request: Request, services: Use, batch: Found) -> Response:
    """Go on with a batch that was paused."""
    return _answer(request, await control.move(services, batch, BatchState.PAUSED, to=BatchState.RUNNING))


@acts("cancel", "The batch: cancelling, until its running jobs have stopped")
async def cancel_batch(request: Request, services: Use, batch: Found) -> Response:
    """Cancel what has not ended of a batch; its results so far are kept. One that has ended does not change."""
    return _answer(request, await control.cancel(services, batch))


@acts("retry", "The batch, running again", query=("what", "recipe"))
async def retry_batch(
    request: Request,
    services: Use,
    batch: Found,
    what: Annotated[Retried, Query(description="which jobs: those that ended so, or all that ended")] = "failed",
    recipe: Annotated[str | None, Query(max_length=64, description="only those of this recipe")] = None,
) -> Response:
    """Make jobs of a batch again. Their new results take the place of the old ones."""
    return _answer(request, await control.retry(services, batch, what, recipe))


def _answer(request: Request, batch: Batch, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return as_json(view_of(batch, _root(request)), status, headers)


def _root(request: Request) -> str:
    return str(request.scope.get("root_path", ""))


__all__ = ["Found", "Services", "problems_of_batch", "router"]
