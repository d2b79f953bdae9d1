"""The console: pages for people at `/` and `/review`, and the files they are made of."""

from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header
from starlette.responses import Response

from likeness.contract.errors import NoSuchRoute
from service.http.headers import etag_matches
from service.http.query import OnlyQuery

router = APIRouter(include_in_schema=False)

PAGE: Final = "index.html"
REVIEW_PAGE: Final = "review.html"
MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of the page: its own files alone, nothing inline. Images are shown from blobs."""

IfNoneMatch = Annotated[str | None, Header(max_length=1000)]


@dataclass(frozen=True)
class Served:
    """One file of the console."""

    data: bytes
    media_type: str
    etag: str


def read_console() -> dict[str, Served]:
    """Return the files of the console by their names: the whole list of what is served, read once."""
    found = {}
    for path in files("service").joinpath("console").iterdir():
        media_type = MEDIA_TYPES.get(path.name[path.name.rfind(".") :])
        if media_type:
            data = path.read_bytes()
            found[path.name] = Served(data, media_type, f'"{sha256(data).hexdigest()[:32]}"')
    return found


FILES: Final = read_console()


@router.get("/", dependencies=[Depends(OnlyQuery())])
async def read_page(if_none_match: IfNoneMatch = None) -> Response:
    """Give the page. It needs no key: it asks for one where keys are in use."""
    return _answer(PAGE, if_none_match)


@router.get("/review", dependencies=[Depends(OnlyQuery())])
async def read_review_page(if_none_match: IfNoneMatch = None) -> Response:
    """Give the page on which results are reviewed; as the other one, it needs no key."""
    return _answer(REVIEW_PAGE, if_none_match)


@router.get("/console/{name}", dependencies=[Depends(OnlyQuery())])
async def read_console_file(name: str, if_none_match: IfNoneMatch = None) -> Response:
    """Give a file of the page. Raises NoSuchRoute for a name that is not in the list."""
    return _answer(name, if_none_match)


def _answer(name: str, if_none_match: str | None) -> Response:
    served = FILES.get(name)
    if served is None:
        raise NoSuchRoute("this path does not exist")
    headers = {"ETag": served.etag, "Cache-Control": "no-cache", "Content-Security-Policy": POLICY}
    if if_none_match and etag_matches(if_none_match, served.etag):
        return Response(status_code=304, headers=headers)
    return Response(served.data, headers=headers, media_type=served.media_type)
