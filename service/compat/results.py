"""An ended job as an answer of another API needs it: its images as bytes, its links, its headers."""

import base64
from typing import Final

from fastapi import Request

from likeness.contract.errors import JobError, JobNotFinished, every_error
from likeness.contract.jobs import Job, Result
from service.state import Services

KINDS: Final = {kind.code: kind for kind in every_error()}


def result_of(job: Job) -> Result:
    """Return the result of a job that has ended. Raises the error it failed with, or JobNotFinished if cancelled."""
    if job.error is not None:
        raise KINDS.get(job.error.code, JobError)(job.error.detail)
    if job.result is None:
        raise JobNotFinished(f"the job {job.id} was {job.status.value}; it has no images")
    return job.result


def as_base64(data: bytes) -> str:
    """Return bytes as JSON can hold them."""
    return base64.b64encode(data).decode()


def base_url(request: Request, services: Services) -> str:
    """Return where callers reach the service, without a slash at the end."""
    return (services.settings.public_url or str(request.base_url)).rstrip("/")


def headers_of(job: Job, replayed: bool) -> dict[str, str]:
    """Return what the headers of an answer say of its job: the verdict is that of the best image."""
    verdict = {"X-Likeness-Verdict": job.result.images[0].report.verdict.value} if job.result else {}
    return {"X-Likeness-Job": job.id, **verdict, **({"X-Likeness-Replayed": "true"} if replayed else {})}
