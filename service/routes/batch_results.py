"""What a batch made: its manifest, its images, and all of them as an archive."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response, StreamingResponse

from likeness.contract import errors
from likeness.contract.jobs import StoredPicture
from likeness.contract.labels import MAX_REFERENCE
from likeness.contract.report import Verdict
from likeness.names import PATTERN, check_pattern
from service.batches.archive import archive
from service.batches.files import BatchFiles
from service.batches.manifest import Manifest, as_csv, as_jsonl
from service.docs import batches as examples
from service.docs.responses import file
from service.http.query import OnlyQuery
from service.routes.batches import Found, problems_of_batch
from service.routes.paths import IfNoneMatch
from service.routes.results import stored_file
from service.routes.uploads import Sha256
from service.state import Use

router = APIRouter(tags=["batches"])

MAGIC: Final = ((b"\x89PNG", "image/png", "png"), (b"\xff\xd8", "image/jpeg", "jpg"), (b"RIFF", "image/webp", "webp"))
STEP: Final = "Likeness-Step"


@router.get(
    "/batches/{batch_id}/manifest",
    response_class=Response,
    dependencies=[Depends(OnlyQuery("format", "since", "reference"))],
    responses={
        200: {
            "description": "A row for each item and recipe, in the order of items",
            "headers": {STEP: {"description": "for `since`", "schema": {"type": "integer"}}},
            "content": {
                "application/jsonl": {"schema": {"type": "string"}, "examples": {"example": {"value": examples.ROW}}},
                "text/csv": {"schema": {"type": "string"}, "examples": {"example": {"value": examples.ROW_CSV}}},
            },
        },
        **problems_of_batch(errors.StoreUnavailable, below="/manifest"),
    },
)
async def read_manifest(
    request: Request,
    services: Use,
    batch: Found,
    format_: Annotated[Literal["jsonl", "csv"], Query(alias="format", description="`csv` has no formulas")] = "jsonl",
    since: Annotated[
        int | None,
        Query(ge=0, description=f"`{STEP}` of an earlier answer: only jobs that have ended, most of them since then"),
    ] = None,
    reference: Annotated[
        str | None, Query(min_length=1, max_length=MAX_REFERENCE, description="only the jobs of the item of this name")
    ] = None,
) -> Response:
    """Get how every job of a batch stands, at any time: verdict, reasons, figures, and a link to the result."""
    rows = Manifest.of(services, batch, request.scope.get("root_path", "")).rows(since, reference)
    chunks, kind = (as_csv(rows), "text/csv") if format_ == "csv" else (as_jsonl(rows), "application/jsonl")
    headers = {
        STEP: str(batch.step),
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{batch.id}.{format_}"',
    }
    return StreamingResponse(chunks, 200, headers, media_type=kind)


@router.get(
    "/batches/{batch_id}/archive",
    response_class=Response,
    dependencies=[Depends(OnlyQuery("pattern", "verdict"))],
    responses={
        200: file("A ZIP, made while it is sent", ["application/zip"]),
        **problems_of_batch(errors.StoreUnavailable, below="/archive"),
    },
)
async def read_archive(
    services: Use,
    batch: Found,
    pattern: Annotated[
        str,
        Query(
            min_length=1,
            max_length=200,
            description="names of the files: texts, slashes, {reference}, {recipe}, {set}, {item}, {verdict}, {ext}",
        ),
    ] = PATTERN,
    verdict: Annotated[
        Literal["accepted", "rejected", "not_judged", "all"], Query(description="only results with this verdict")
    ] = "all",
) -> Response:
    """Get all results of a batch so far as one ZIP. Names are safe on every system; equal ones are numbered."""
    check_pattern(pattern)
    verdicts = frozenset(Verdict) if verdict == "all" else frozenset({Verdict(verdict)})
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{batch.id}.zip"'}
    body = archive(services, Manifest.of(services, batch), pattern, verdicts)
    return StreamingResponse(body, 200, headers, media_type="application/zip")


@router.get(
    "/batches/{batch_id}/images/{sha256}",
    response_class=Response,
    dependencies=[Depends(OnlyQuery())],
    responses={
        200: file("The image", [kind for _, kind, _ in MAGIC], ETag="sha256 of the bytes"),
        304: {"description": "The image is the one in `If-None-Match`"},
        **problems_of_batch(errors.ImageNotFound, errors.StoreUnavailable, below="/images/0"),
    },
)
async def read_batch_image(services: Use, batch: Found, sha256: Sha256, if_none_match: IfNoneMatch = None) -> Response:
    """Get a result of a batch, for as long as the batch is kept."""
    key = BatchFiles(services.store.files, batch.id).image_key(sha256)
    size = await services.store.files.size(key)
    if size is None:
        raise errors.ImageNotFound("the batch has no image of this sha256")
    picture = StoredPicture(key=key, sha256=sha256, media_type="application/octet-stream", size=size)
    head = await services.store.get_range(picture, 0, min(12, size))
    kind, ending = next(((kind, name) for magic, kind, name in MAGIC if head.startswith(magic)), ("", "bin"))
    known = picture.model_copy(update={"media_type": kind or picture.media_type})
    return await stored_file(services, known, f"{sha256[:16]}.{ending}", if_none_match)
