"""A job that has ended as an OpenAI client reads it, at once or as a stream."""

import json
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from sse_starlette.event import ServerSentEvent
from starlette.responses import Response

from likeness.contract.errors import LikenessError
from likeness.contract.jobs import Job, MadeImage
from service.compat.errors import openai_error
from service.compat.openai.schemas import ImageRequest, OpenAIEvent, OpenAIImage, OpenAIImages, Usage
from service.compat.results import as_base64, headers_of, result_of
from service.compat.waiting import Asked, Held, held
from service.http.problems import STATUS
from service.jobs.stored import Embedded
from service.state import Services


@dataclass(frozen=True)
class Wanted:
    """How the answer is to be given: the request, where callers reach the service, and `image_edit` or so."""

    request: ImageRequest
    base: str
    event: str


async def images(services: Services, job: Job, replayed: bool, wanted: Wanted) -> Response:
    """Return the answer for a job that has ended. Raises what it failed with."""
    result = result_of(job)
    best, embedded = result.images[0], Embedded(services.store)
    data = [_image(embedded, job, number, wanted) for number in range(len(result.images))]
    told = OpenAIImages(
        created=_ended(job),
        data=data,
        output_format=best.format,
        size=_size(best),
        job=job.id,
        engine=result.engine.name,
        replayed=replayed,
    )
    headers = {"Cache-Control": "no-store", **headers_of(job, replayed)}
    return await embedded.answer(told.model_dump_json(), 200, headers)


def _image(embedded: Embedded, job: Job, number: int, wanted: Wanted) -> OpenAIImage:
    made = result_of(job).images[number]
    as_url = wanted.request.response_format == "url"
    return OpenAIImage(
        url=f"{wanted.base}/jobs/{job.id}/images/{number}" if as_url else None,
        b64_json=None if as_url else embedded.place(made.picture),
        report=made.report,
        seed=made.seed,
        sha256=made.picture.sha256,
    )


@dataclass(frozen=True)
class WithImage:
    """An event that holds an image, as the pieces that it is sent in."""

    pieces: AsyncGenerator[bytes]


async def stream(
    services: Services, asked: Asked, wanted: Wanted
) -> AsyncGenerator[ServerSentEvent | WithImage | Held]:
    """Yield first the accepted job, then a job's previews, as many as are wanted, then its images, or the error.

    What is wrong with the request is raised before the first. A reader that goes leaves the job as any other does.
    """
    async with held(services, asked) as job:
        yield job
        try:
            async with aclosing(_previews(services, job, wanted)) as previews:
                async for event in previews:
                    yield event
            ended = await job.ended()
            for made in result_of(ended).images:
                yield await _completed(services, ended, made, wanted)
        except LikenessError as error:
            yield ServerSentEvent(json.dumps(openai_error(error, STATUS[type(error)]).body), event="error")


async def _previews(services: Services, job: Held, wanted: Wanted) -> AsyncGenerator[ServerSentEvent]:
    """Yield a job's previews until it ends or there are enough."""
    shown = seen = 0
    async with aclosing(services.queue.events(job.awaited.job_id, job.awaited.owner, None)) as events:
        async for _, event in events:
            number = (event.progress.preview if event.progress else None) or 0
            if shown == wanted.request.partial_images:
                return
            if number > seen and (data := await services.store.get_preview(job.awaited.job_id)):
                yield _partial(data, shown, job.awaited.job_id, wanted)
                seen, shown = number, shown + 1


def _partial(data: bytes, index: int, job_id: str, wanted: Wanted) -> ServerSentEvent:
    return _event(
        OpenAIEvent(
            type=f"{wanted.event}.partial_image",
            b64_json=as_base64(data),
            created_at=int(time.time()),
            output_format="jpeg",
            size=wanted.request.size,
            partial_image_index=index,
            job=job_id,
        )
    )


async def _completed(services: Services, job: Job, made: MadeImage, wanted: Wanted) -> WithImage:
    image = Embedded(services.store)
    event = _event(
        OpenAIEvent(
            type=f"{wanted.event}.completed",
            b64_json=image.place(made.picture),
            created_at=_ended(job),
            output_format=made.format,
            size=_size(made),
            usage=Usage(),
            job=job.id,
            report=made.report,
            seed=made.seed,
        )
    )
    await image.check()
    return WithImage(image.pieces(event.encode().decode()))


def _event(event: OpenAIEvent) -> ServerSentEvent:
    return ServerSentEvent(json.dumps(event.said()), event=event.type)


def _ended(job: Job) -> int:
    return int(job.ended_at.timestamp()) if job.ended_at else int(time.time())


def _size(made: MadeImage) -> str:
    return f"{made.width}x{made.height}"
