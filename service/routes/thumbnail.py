"""A small image of a made one, for lists and walls: they need not load what may have fifty megapixels."""

from io import BytesIO
from typing import Final

from fastapi import APIRouter, Depends
from PIL import Image
from starlette.responses import Response

from likeness.contract import errors
from likeness.contract.jobs import StoredPicture
from likeness.imaging.assessment.contact_sheet import shown
from likeness.imaging.formats.decode import Bounds, decode
from likeness.imaging.upright import upright_image
from likeness.storage.pictures import PictureStore
from service.auth.dependencies import JobViewer
from service.docs.responses import file, problems_of_job
from service.http.headers import etag_matches
from service.http.query import OnlyQuery
from service.jobs.threads import with_pixels
from service.routes.paths import IfNoneMatch, ImageNumber, JobId
from service.routes.results import made_image
from service.state import Use

router = APIRouter(tags=["results"])

PATH: Final = "/jobs/{job_id}/images/{n}/thumbnail"
SIDE: Final = 256
"""Px; of the longer side."""
QUALITY: Final = 80
DESCRIBED: Final = {
    200: file("At most 256 px long and wide, upright", ["image/webp"], ETag="of the image and this size"),
    304: {"description": "The thumbnail is the one in `If-None-Match`"},
    **problems_of_job(
        errors.ImageNotFound, errors.JobNotFinished, errors.StoreUnavailable, below="/images/0/thumbnail"
    ),
}


@router.get(PATH, response_class=Response, dependencies=[Depends(OnlyQuery())], responses=DESCRIBED)
async def read_thumbnail(
    services: Use, viewer: JobViewer, job_id: JobId, n: ImageNumber, if_none_match: IfNoneMatch = None
) -> Response:
    """Get a small WebP of an image, over a checkerboard where it is transparent."""
    _, image = await made_image(services, viewer.owner, job_id, n)
    headers = {
        "ETag": f'"{image.picture.sha256}-{SIDE}"',
        "Cache-Control": "private, max-age=31536000, immutable",
        "Vary": "Authorization",
    }
    if if_none_match and etag_matches(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    data = await with_pixels(_small, services.store, services.bounds, image.picture)
    return Response(data, headers=headers, media_type="image/webp")


def _small(store: PictureStore, bounds: Bounds, stored: StoredPicture) -> bytes:
    """Return a stored image small. Raises JobExpired when it is erased."""
    try:
        whole = decode(store.get(stored), Bounds(stored.size, bounds.max_pixels, bounds.max_side))
    except errors.InputLost as error:
        raise errors.JobExpired("the images are no longer stored") from error
    upright = upright_image(whole)
    small = shown(upright, max(upright.size))
    small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    buffer = BytesIO()
    small.save(buffer, "WEBP", quality=QUALITY)
    return buffer.getvalue()
