"""How errors leave the service: RFC 9457 problem+json. The only file that knows status numbers of errors."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Route

from likeness.contract import errors
from likeness.contract.errors import FieldProblem, LikenessError
from service.http.submitting import submits_of
from service.metrics import Metrics

STATUS: Final[Mapping[type[LikenessError], int]] = {
    errors.LikenessError: 500,
    errors.RequestError: 400,
    errors.InvalidField: 422,
    errors.UnknownEngine: 422,
    errors.EngineNotInstalled: 422,
    errors.DoesNotFit: 422,
    errors.InstructionNotUnderstood: 422,
    errors.InvalidPicture: 422,
    errors.UnsupportedFormat: 422,
    errors.AnimatedPicture: 422,
    errors.MultiViewPicture: 422,
    errors.PictureTooLarge: 422,
    errors.UploadTooLarge: 413,
    errors.UploadTooSlow: 408,
    errors.TooManyUploads: 429,
    errors.UnsupportedMedia: 415,
    errors.UrlNotAllowed: 422,
    errors.UrlFailed: 422,
    errors.NotAuthenticated: 401,
    errors.ScopeMissing: 403,
    errors.NonCommercialEngine: 403,
    errors.OriginNotAllowed: 403,
    errors.NoSuchRoute: 404,
    errors.MethodNotAllowed: 405,
    errors.JobNotFound: 404,
    errors.JobExpired: 410,
    errors.RecipeNotFound: 404,
    errors.ImageNotFound: 404,
    errors.NoPreview: 404,
    errors.JobNotFinished: 409,
    errors.NotReproducible: 409,
    errors.NotAcceptable: 406,
    errors.RangeNotSatisfiable: 416,
    errors.IdempotencyMismatch: 422,
    errors.IdempotencyPending: 409,
    errors.UploadNotFound: 404,
    errors.UploadDiffers: 422,
    errors.UploadsFull: 413,
    errors.BatchNotFound: 404,
    errors.InvalidBatch: 422,
    errors.BatchEnded: 409,
    errors.QueueFull: 429,
    errors.QuotaExceeded: 429,
    errors.JobError: 500,
    errors.ImageUnavailable: 422,
    errors.NoProduct: 422,
    errors.NoRoom: 422,
    errors.UnsafeResult: 422,
    errors.EngineFailed: 500,
    errors.OutOfMemory: 500,
    errors.JobTimeout: 500,
    errors.WorkerDied: 500,
    errors.InputLost: 500,
    errors.StoreFailed: 500,
    errors.InternalError: 500,
    errors.Unavailable: 503,
    errors.QueueUnavailable: 503,
    errors.StoreUnavailable: 503,
    errors.NotReady: 503,
}
CLOSING: Final = (errors.UploadTooLarge, errors.UploadTooSlow, errors.TooManyUploads)
"""After these the rest of the body is not worth reading."""
MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:likeness:error:"
MOST_PROBLEMS: Final = 20
LONGEST_TEXT: Final = 500
LEFT: Final = 499
"""Logged, as nginx does, for a caller that went before it was answered; nobody reads it."""
PATH_ERRORS: Final[Mapping[str, type[LikenessError]]] = {
    "job_id": errors.JobNotFound,
    "n": errors.ImageNotFound,
    "batch_id": errors.BatchNotFound,
    "sha256": errors.UploadNotFound,
    "recipe": errors.RecipeNotFound,
}


log = structlog.get_logger()


class FieldProblemView(BaseModel):
    """One field that is wrong."""

    pointer: str = Field(description="JSON pointer of the field, or `#/header/<name>`")
    detail: str = Field(description="the correct value")


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(description="URI of the error type; ends in the code")
    title: str
    status: int
    detail: str
    instance: str = Field(description="path of the request")
    code: str = Field(description="stable code of the error")
    errors: list[FieldProblemView] = Field(default=[], description="the invalid fields")
    request_id: str = Field(description="also in the header X-Request-ID and in the service's log")


def problem_of(error: LikenessError, status: int, instance: str, request_id: str) -> Problem:
    """Return an error as the caller sees it."""
    return Problem(
        type=TYPE_PREFIX + error.code,
        title=error.title,
        status=status,
        detail=error.detail[:LONGEST_TEXT],
        instance=instance,
        code=error.code,
        errors=[
            FieldProblemView(pointer=problem.pointer, detail=problem.detail[:LONGEST_TEXT])
            for problem in error.problems[: error.most_problems]
        ],
        request_id=request_id,
    )


def problem_response(
    request: Request, error: LikenessError, headers: Mapping[str, str] | None = None, status: int | None = None
) -> Response:
    """Return the response for an error."""
    status = status or STATUS[type(error)]
    all_headers = {**_headers_of(error), **(headers or {})}
    if shape := request.app.state.shape_of(request.url.path):
        told = shape(error, status)
        return Response(json.dumps(told.body), told.status, {**all_headers, **told.headers}, "application/json")
    problem = problem_of(error, status, quote(request.url.path), getattr(request.state, "request_id", ""))
    # ASCII, because what a caller sent may hold lone surrogates, which UTF-8 cannot.
    body = json.dumps(problem.model_dump(), ensure_ascii=True)
    return Response(body, status, all_headers, MEDIA_TYPE)


def _headers_of(error: LikenessError) -> dict[str, str]:
    headers = {"Cache-Control": "no-store"}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, errors.NotAuthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="likeness"'
    if isinstance(error, CLOSING):
        headers["Connection"] = "close"
    return headers


def pointer(location: Sequence[str | int]) -> str:
    """Return the JSON pointer (as a URI fragment) of a place in a document."""
    parts = [str(part)[:64].replace("~", "~0").replace("/", "~1") for part in location]
    return "#/" + "/".join(quote(part.encode("utf-8", "replace")) for part in parts)


def invalid_fields(found: Sequence[Mapping[str, Any]]) -> errors.InvalidField:
    """Return pydantic's list of errors as ours."""
    problems = [FieldProblem(pointer(item["loc"]), _said(item)) for item in found[:MOST_PROBLEMS]]
    detail = "; ".join(f"{problem.pointer.removeprefix('#/') or 'body'}: {problem.detail}" for problem in problems)
    return errors.InvalidField(detail, problems)


def of_validation(error: ValidationError) -> errors.InvalidField:
    """Return a failed validation of a body as our error, without the values that were sent."""
    return invalid_fields(error.errors(include_url=False, include_context=False, include_input=False))


def _said(item: Mapping[str, Any]) -> str:
    if item["type"] == "extra_forbidden":
        return "not a field of this call"
    return str(item["msg"]).removeprefix("Value error, ")


def install(app: FastAPI) -> None:
    """Make `app` answer every error as a problem."""
    app.add_exception_handler(LikenessError, _on_ours)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)


async def _on_ours(request: Request, error: Exception) -> Response:
    metrics: Metrics = request.app.state.services.metrics
    waited = isinstance(error, errors.JobError)  # a call that waits for its job reports how that failed
    if submits_of(request.scope.get("endpoint")) and not waited:
        metrics.refused(getattr(error, "code", "error"))
    if isinstance(error, errors.Unavailable):
        log.warning("unavailable", code=error.code, cause=repr(error.__cause__))
    return problem_response(request, error if isinstance(error, LikenessError) else errors.InternalError(""))


async def _on_validation(request: Request, error: Exception) -> Response:
    """Answer for headers, query and path. FastAPI puts which it was at the front; a query field goes by its name."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    for item in found:
        if item["loc"][0] == "path":
            kind = PATH_ERRORS.get(str(item["loc"][1]), errors.NoSuchRoute)
            return problem_response(request, kind(f"there is nothing at {quote(request.url.path)}"))
    named = [{**item, "loc": item["loc"][1:] if item["loc"][0] == "query" else item["loc"]} for item in found]
    return problem_response(request, invalid_fields(named))


async def _on_http(request: Request, error: Exception) -> Response:
    """Answer for Starlette's own errors: no such path, no such method."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if status == STATUS[errors.NoSuchRoute]:
        return problem_response(request, errors.NoSuchRoute("this path does not exist"), headers)
    if status == STATUS[errors.MethodNotAllowed]:
        allowed = ", ".join(_methods_of(request))
        detail = f"{request.method} is not supported here, only {allowed}"
        return problem_response(request, errors.MethodNotAllowed(detail), {**headers, "Allow": allowed})
    return problem_response(request, errors.RequestError("the request cannot be read"), headers, status)


def _methods_of(request: Request) -> list[str]:
    """Return the methods of all routes of a path: each knows only its own."""
    every = (*request.app.state.routes, *request.app.routes)
    routes = [one for one in every if isinstance(one, Route) and one.matches(request.scope)[0] is not Match.NONE]
    found = {name for route in routes for name in route.methods or ()}
    return sorted(found | ({"HEAD"} if "GET" in found else set()))
