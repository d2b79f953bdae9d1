"""Links straight to the object store, in the place of the service's own, for callers that ask for them."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from fastapi import Depends, Query

from likeness.contract.errors import InvalidField
from likeness.contract.jobs import Job
from service.schemas.jobs import JobView
from service.state import Services, Use

LinksQuery = Annotated[
    Literal["service", "presigned"],
    Query(
        description="`presigned`: the result's links lead straight to the object store, need no key, and work until "
        "`result.links_expire_at`; only where the store can sign links"
    ),
]


def wants_presigned(services: Use, links: LinksQuery = "service") -> bool:
    """Return whether the caller asks for presigned links. Raises InvalidField where the store cannot sign any."""
    if links == "presigned" and not services.store.signs:
        raise InvalidField.at(
            "links", "the images are not in an object store (S3, GCS, Azure), so links cannot be signed"
        )
    return links == "presigned"


Presigned = Annotated[bool, Depends(wants_presigned)]


async def presigned(services: Services, job: Job, view: JobView) -> JobView:
    """Return the view with links to the store for its images and its sheet, where it has a result.

    They work for LIKENESS_LINK_SECONDS, but not longer than the images are kept. Raises StoreUnavailable.
    """
    if job.result is None or view.result is None:
        return view
    seconds = _seconds(services, job)
    found = view.result.comparison
    pictures = [image.picture for image in job.result.images]
    pictures += [job.result.comparison.sheet] if job.result.comparison else []
    urls = await services.store.sign(pictures, seconds)
    images = [image.model_copy(update={"url": url}) for image, url in zip(view.result.images, urls, strict=False)]
    changes = {
        "images": images,
        "comparison": found and found.model_copy(update={"sheet": urls[-1]}),
        "links_expire_at": datetime.now(UTC) + timedelta(seconds=seconds),
    }
    return view.model_copy(update={"result": view.result.model_copy(update=changes)})


def _seconds(services: Services, job: Job) -> int:
    """Return how long links to the images of an ended job may live."""
    gone = (job.ended_at or job.created_at) + timedelta(seconds=services.settings.lifetime)
    left = (gone - datetime.now(UTC)).total_seconds()
    return max(1, min(services.settings.link_seconds, int(left)))
