"""Uploads: images sent once, under their sha256, for the items of batches."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from likeness.contract import errors
from service.auth.dependencies import Owner
from service.batches import uploads
from service.docs.responses import EVERYWHERE, OWNED, answer, problems
from service.http.query import OnlyQuery
from service.routes.jobs import as_json
from service.state import Use

router = APIRouter(tags=["batches"])

SHA256: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
PATH: Final = "/uploads/{sha256}"
INSTANCE: Final = f"/uploads/{SHA256}"
UPLOADED: Final = {"upload": SHA256, "size": 48_213}

Sha256 = Annotated[
    str, Path(pattern="^[0-9a-f]{64}$", description="sha256 of the bytes, in hex, lower case", examples=[SHA256])
]


class UploadView(BaseModel):
    """What was uploaded: the value of `image` for an item of a batch is `{"upload": sha256}`."""

    upload: str = Field(description="sha256 of the bytes")
    size: int = Field(description="bytes")


@router.put(
    PATH,
    status_code=201,
    response_model=UploadView,
    dependencies=[Depends(OnlyQuery())],
    responses={
        200: {**answer("It was there already; its lifetime begins anew", UPLOADED), "model": UploadView},
        201: answer("Stored", UPLOADED),
        **problems(
            *(
                *EVERYWHERE,
                *OWNED,
                errors.UploadDiffers,
                errors.UploadsFull,
                errors.InvalidPicture,
                errors.UploadNotFound,
            ),
            errors.StoreUnavailable,
            instance=INSTANCE,
        ),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/octet-stream": {
                    "schema": {"type": "string", "format": "binary"},
                    "examples": {"example": {"summary": "The bytes", "value": "..."}},
                }
            },
        }
    },
)
async def put_upload(request: Request, services: Use, owner: Owner, sha256: Sha256) -> Response:
    """Upload an image for the items of batches, under the sha256 of its bytes.

    It is kept for `LIKENESS_UPLOAD_LIFETIME`, and for as long as a batch of yours is under way. The image itself is
    checked when its first job is made.
    """
    new = await uploads.receive(services, owner, sha256, request)
    size = await uploads.size_of(services, owner, sha256)
    return as_json(UploadView(upload=sha256, size=size), 201 if new else 200)


@router.get(
    PATH,
    response_model=UploadView,
    dependencies=[Depends(OnlyQuery())],
    responses={
        200: answer("It is there: it need not be sent again", UPLOADED),
        **problems(*EVERYWHERE, *OWNED, errors.UploadNotFound, errors.StoreUnavailable, instance=INSTANCE),
    },
)
async def has_upload(services: Use, owner: Owner, sha256: Sha256) -> Response:
    """Report whether you have uploaded these bytes; `HEAD` does as well."""
    return as_json(UploadView(upload=sha256, size=await uploads.size_of(services, owner, sha256)))


@router.delete(
    PATH,
    status_code=204,
    dependencies=[Depends(OnlyQuery())],
    responses={
        204: {"description": "Erased"},
        **problems(*EVERYWHERE, *OWNED, errors.UploadNotFound, errors.StoreUnavailable, instance=INSTANCE),
    },
)
async def delete_upload(services: Use, owner: Owner, sha256: Sha256) -> Response:
    """Erase an upload. Items that use it and whose turn has not come fail."""
    await uploads.delete(services, owner, sha256)
    return Response(status_code=204)
