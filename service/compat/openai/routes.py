"""The OpenAI images API over our queue, so that its clients work unchanged (docs/clients.md)."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Final

from anyio import to_thread
from fastapi import APIRouter, Depends, Path, Request
from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from likeness.contract import errors
from likeness.contract.catalogue import Catalogue
from likeness.contract.engines import EngineSpec
from service.auth.dependencies import Owner
from service.compat.openai import examples as examples
from service.compat.openai.aliases import DEFAULT
from service.compat.openai.docs import problems
from service.compat.openai.requests import TOLD_AS, edit, edit_parts, generation
from service.compat.openai.responses import Wanted, WithImage, images, stream
from service.compat.openai.schemas import OpenAIImages, OpenAIModel, OpenAIModels
from service.compat.results import base_url, headers_of
from service.compat.waiting import Asked, Held, content_key, finished
from service.docs.responses import EVERYWHERE, OWNED, Responses, answer
from service.http.bodies import FORM, JSON, body_of, form_parts, media_type_of
from service.http.problems import LEFT
from service.http.query import OnlyQuery
from service.http.submitting import MOST_IMAGES, submits
from service.jobs.accept import missing_engines
from service.jobs.submission import Submission
from service.routes.jobs import as_json
from service.routes.requests import ACCEPTING, PICTURES, IdempotencyKey
from service.state import Use

router = APIRouter(prefix="/v1", tags=["openai"])

API: Final = "openai"
PING_SECONDS: Final = 15
FAILED: Final = tuple(kind for kind in errors.every_error(errors.JobError) if kind is not errors.JobError)
WAITING: Final = (*FAILED, errors.JobNotFinished, errors.Unavailable)


def _responses(*more: type[errors.LikenessError]) -> Responses:
    made = answer(
        "The images, or with `stream` server-sent events",
        examples.IMAGES,
        X_Likeness_Job="id of the job",
        X_Likeness_Verdict="of the best image: `accepted`, `rejected` or `not_judged`",
        X_Likeness_Replayed="`true` if an earlier request with the same content made it",
    )
    made["content"]["text/event-stream"] = {
        "schema": {"$ref": "#/components/schemas/OpenAIEvent"},
        "examples": {"example": {"value": examples.EVENTS}},
    }
    return {200: made, **problems(*EVERYWHERE, *OWNED, *ACCEPTING, *WAITING, *more)}


@router.post(
    "/images/edits",
    response_model=OpenAIImages,
    dependencies=[Depends(OnlyQuery())],
    responses=_responses(*PICTURES, errors.InstructionNotUnderstood),
)
@submits(images=MOST_IMAGES)
async def edit_image(request: Request, services: Use, owner: Owner, idempotency_key: IdempotencyKey = None) -> Response:
    """Change an image as `prompt` says; without one, recreate it.

    `mask` is transparent where the image may change. The fields of `POST /customise` and `POST /recreate` may be
    given as well, by their own names; any other field is rejected.

    The same content sent again within a minute is answered from the same job.
    """
    media_type_of(request, FORM)
    async with form_parts(request, services.settings.max_upload_bytes) as items:
        parts = await edit_parts(items, services.settings.openai_models)
    submission = await edit(parts, services.bounds)
    asked = await _asked(owner, submission, idempotency_key)
    return await _answered(request, services, asked, Wanted(parts.request, base_url(request, services), "image_edit"))


@router.post(
    "/images/generations", response_model=OpenAIImages, dependencies=[Depends(OnlyQuery())], responses=_responses()
)
@submits(images=0)
async def generate_image(
    request: Request, services: Use, owner: Owner, idempotency_key: IdempotencyKey = None
) -> Response:
    """Make a new image. The fields of `POST /generate` may be given as well, by their own names.

    The same content sent again within a minute is answered from the same job.
    """
    media_type_of(request, JSON)
    body = await body_of(request)
    said, submission = await to_thread.run_sync(generation, body, services.settings.openai_models)
    asked = await _asked(owner, submission, idempotency_key)
    return await _answered(request, services, asked, Wanted(said, base_url(request, services), "image_generation"))


async def _asked(owner: str, submission: Submission, key: str | None) -> Asked:
    if key is not None:
        return Asked(owner, API, submission, TOLD_AS, key)
    key = await to_thread.run_sync(content_key, API, submission)
    return Asked(owner, API, submission, TOLD_AS, key, by_content=True)


async def _answered(request: Request, services: Use, asked: Asked, wanted: Wanted) -> Response:
    if wanted.request.stream:
        events = stream(services, asked, wanted)
        first = await anext(events)  # so that what is wrong is told by the status
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        if isinstance(first, Held):
            headers |= headers_of(first.accepted.job, first.accepted.replayed)
        return _Events(events, headers)
    try:
        accepted, job = await finished(request, services, asked)
    except ClientDisconnect:
        return Response(status_code=LEFT)
    return await images(services, job, accepted.replayed, wanted)


Events = AsyncGenerator[ServerSentEvent | WithImage | Held]


class _Events(EventSourceResponse):
    """Answers with what comes after the first, and closes it however the answer ends.

    A reader that goes while an event is being sent would else leave the job held until its generator is collected.
    """

    def __init__(self, events: Events, headers: dict[str, str]) -> None:
        super().__init__(self._rest(events), headers=headers, ping=PING_SECONDS)
        self._events = events
        self._within = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._events.aclose()

    async def _rest(self, events: Events) -> AsyncGenerator[ServerSentEvent | bytes]:
        async for event in events:
            if isinstance(event, ServerSentEvent):
                yield event
            elif isinstance(event, WithImage):
                async with aclosing(event.pieces) as pieces:
                    async for piece in pieces:
                        self._within = True
                        yield piece
                self._within = False

    async def _ping(self, send: Send) -> None:
        """Ping, but not in the midst of an event: its pieces keep the connection alive."""

        async def between(message: Message) -> None:
            if not self._within:
                await send(message)

        await super()._ping(between)


@router.get(
    "/models",
    response_model=OpenAIModels,
    dependencies=[Depends(OnlyQuery())],
    responses={200: answer("The engines that are installed", examples.MODELS), **problems(*EVERYWHERE, *OWNED)},
)
async def list_models(services: Use, owner: Owner) -> Response:
    """List the engines as models, and the models' names that stand for engines (`LIKENESS_OPENAI_MODELS`)."""
    missing = await missing_engines(services)
    data = [_model(spec) for spec in services.catalogue.engines if spec.name not in missing]
    aliases = services.settings.openai_models
    known = [_alias(services.catalogue, alias, name) for alias, name in aliases.items() if name not in missing]
    return as_json(OpenAIModels(data=[*data, *known]))


@router.get(
    "/models/{model}",
    response_model=OpenAIModel,
    dependencies=[Depends(OnlyQuery())],
    responses={
        200: answer("The engine", examples.MODELS["data"][0]),
        **problems(*EVERYWHERE, *OWNED, errors.UnknownEngine, errors.EngineNotInstalled),
    },
)
async def read_model(
    services: Use, owner: Owner, model: Annotated[str, Path(max_length=64, description="an engine's name")]
) -> Response:
    """Say what is known of an engine."""
    aliases = services.settings.openai_models
    name = aliases.get(model, model)
    if name != DEFAULT and services.catalogue.find(name).name in await missing_engines(services):
        raise errors.EngineNotInstalled(f"engine: no worker has {name}")
    found = _alias(services.catalogue, model, name) if model in aliases else _model(services.catalogue.find(name))
    return as_json(found)


def _model(spec: EngineSpec) -> OpenAIModel:
    return OpenAIModel(id=spec.name, summary=spec.summary, kinds=[str(kind) for kind in spec.kinds])


def _alias(catalogue: Catalogue, alias: str, name: str) -> OpenAIModel:
    if name == DEFAULT:
        kinds = dict.fromkeys(str(kind) for spec in catalogue.engines for kind in spec.kinds)
        return OpenAIModel(id=alias, summary="The default engine for what is asked", kinds=list(kinds))
    return _model(catalogue.find(name)).model_copy(update={"id": alias})
