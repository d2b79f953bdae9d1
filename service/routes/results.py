"""How the calls that read a result find it."""

from likeness.contract.errors import ImageNotFound, JobNotFinished
from likeness.contract.jobs import Job, MadeImage
from service.state import Services


async def made_image(services: Services, owner: str, job_id: str, number: int) -> tuple[Job, MadeImage]:
    """Return a job and one of its images. Raises JobNotFound, JobExpired, JobNotFinished or ImageNotFound."""
    job = await services.queue.fetch(job_id, owner)
    if job.result is None:
        raise JobNotFinished(f"the job is {job.status.value}; it has no images")
    if number >= len(job.result.images):
        raise ImageNotFound(f"the job has {len(job.result.images)} images, numbered from 0")
    return job, job.result.images[number]
