"""How the calls that read a result find it, and give a stored file whole."""

from starlette.responses import Response

from likeness.contract.errors import ImageNotFound, JobNotFinished
from likeness.contract.jobs import Job, MadeImage, StoredPicture
from likeness.contract.labels import disposition, safe_name
from service.http.headers import etag_matches
from service.jobs.stored import streamed
from service.state import Services


async def made_image(services: Services, owner: str, job_id: str, number: int) -> tuple[Job, MadeImage]:
    """Return a job and one of its images. Raises JobNotFound, JobExpired, JobNotFinished or ImageNotFound."""
    job = await services.queue.fetch(job_id, owner)
    if job.result is None:
        raise JobNotFinished(f"the job is {job.status.value}; it has no images")
    if number >= len(job.result.images):
        raise ImageNotFound(f"the job has {len(job.result.images)} images, numbered from 0")
    return job, job.result.images[number]


async def matte_of(services: Services, owner: str, job_id: str, number: int) -> tuple[Job, StoredPicture]:
    """Return a job and what was taken for the product of an image of it. Raises what `made_image` raises."""
    job, image = await made_image(services, owner, job_id, number)
    if image.matte is None:
        raise ImageNotFound("nobody looked for a product in this image")
    return job, image.matte


def stem_of(job: Job) -> str:
    """Return what the names of a job's files begin with: its reference, made safe, or its id."""
    return safe_name(job.labels.reference or "") or job.id


async def stored_file(services: Services, stored: StoredPicture, name: str, if_none_match: str | None) -> Response:
    """Return a stored file whole, to be cached for good under its sha256. Raises JobExpired when it is erased."""
    headers = {
        "ETag": f'"{stored.sha256}"',
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Disposition": disposition(name),
        "Vary": "Authorization",
    }
    if if_none_match and etag_matches(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return await streamed(services.store, stored, headers)
