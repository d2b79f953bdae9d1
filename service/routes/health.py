"""Whether the service lives, whether it can do its work, and what it has counted."""

import asyncio

from fastapi import APIRouter, Depends
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel
from starlette.responses import Response

from likeness.contract.errors import LikenessError, NotReady
from service.auth.dependencies import MetricsReader
from service.collector import ANSWER_SECONDS, snapshot_of
from service.docs import examples
from service.docs.responses import EVERYWHERE, OWNED, answer, problems
from service.http.query import OnlyQuery
from service.state import Services, Use

router = APIRouter(tags=["operation"])


class Health(BaseModel):
    """Whether the service, or everything it depends on, responds."""

    status: str


@router.get(
    "/healthz",
    response_model=Health,
    dependencies=[Depends(OnlyQuery())],
    responses={200: answer("Alive", {"status": "ok"}), **problems(*EVERYWHERE, instance="/healthz")},
)
async def health() -> Health:
    """Report that the process is running."""
    return Health(status="ok")


@router.get(
    "/readyz",
    response_model=Health,
    dependencies=[Depends(OnlyQuery())],
    responses={200: answer("Ready", {"status": "ready"}), **problems(*EVERYWHERE, NotReady, instance="/readyz")},
)
async def ready(services: Use) -> Health:
    """Report whether Redis responds, storage takes images, and a worker serves every default engine."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            missing = await _missing(services)
    except TimeoutError:
        missing = [f"no answer within {ANSWER_SECONDS:g} s"]
    if missing:
        raise NotReady("; ".join(missing), retry_after=2)
    return Health(status="ready")


async def _missing(services: Services) -> list[str]:
    """Return what is missing, in plain words."""
    missing = []
    try:
        await services.store.ping()
        await services.store.probe()
    except LikenessError as error:
        missing.append(error.detail)
    try:
        served = {pool for worker in await services.queue.residency() for pool in worker.pools}
        absent = services.catalogue.missing(await services.queue.installed())
    except LikenessError:
        return [*missing, "the queue does not respond"]
    defaults = services.catalogue.defaults(absent).values()
    unserved = dict.fromkeys(spec.name for spec in defaults if spec.pool not in served)
    return missing + [f"no worker serves the engine {name}" for name in unserved]


@router.get(
    "/metrics",
    response_class=Response,
    dependencies=[Depends(OnlyQuery())],
    responses={
        200: {
            "description": "Prometheus text format",
            "content": {
                "text/plain": {"schema": {"type": "string"}, "examples": {"example": {"value": examples.METRICS}}}
            },
        },
        **problems(*EVERYWHERE, *OWNED, instance="/metrics"),
    },
)
async def metrics(services: Use, owner: MetricsReader) -> Response:
    """Give what was counted, and how things stand: requests, jobs, queues, workers, Redis, the store, webhooks."""
    page = services.metrics.page(await snapshot_of(services))
    return Response(page, media_type=CONTENT_TYPE_LATEST)
