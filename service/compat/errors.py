"""Errors as the clients of other APIs read them: of each API one translation, total over our tree.

Replicate's clients read problem+json, as ours do, so they need none.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from likeness.contract import errors
from likeness.contract.errors import LikenessError
from service.http.problems import LONGEST_TEXT, STATUS

OPENAI_CODES: Final[Mapping[type[LikenessError], str]] = {
    errors.NotAuthenticated: "invalid_api_key",
    errors.UnknownEngine: "model_not_found",
    errors.EngineNotInstalled: "model_not_found",
    errors.QueueFull: "rate_limit_exceeded",
    errors.QuotaExceeded: "insufficient_quota",
    errors.TooManyUploads: "rate_limit_exceeded",
    errors.UnsafeResult: "moderation_blocked",
}
"""Codes that OpenAI's clients know; the others keep ours."""
OPENAI_STATUS: Final[Mapping[type[LikenessError], int]] = {
    errors.UnknownEngine: STATUS[errors.JobNotFound],
    errors.EngineNotInstalled: STATUS[errors.JobNotFound],
}
FINAL: Final = (errors.JobError, errors.JobNotFinished)
"""What becomes no better by sending the same again within the minute."""


@dataclass(frozen=True)
class Told:
    """An error in the format of another API."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str]


Shape = Callable[[LikenessError, int], Told]


def openai_error(error: LikenessError, status: int) -> Told:
    """Return an error as OpenAI's clients read it; where we say that a field cannot be processed they say it is bad."""
    if status == STATUS[errors.InvalidField]:
        status = STATUS[errors.RequestError]
    body = {
        "message": error.detail[:LONGEST_TEXT] or error.title,
        "type": _openai_type(error, status),
        "param": _param(error),
        "code": OPENAI_CODES.get(type(error), error.code),
    }
    headers = {"X-Should-Retry": "false"} if isinstance(error, FINAL) else {}
    return Told(OPENAI_STATUS.get(type(error), status), {"error": body}, headers)


def _openai_type(error: LikenessError, status: int) -> str:
    if status == STATUS[errors.QueueFull]:
        return "rate_limit_error"
    return "invalid_request_error" if error.fault == "caller" else "server_error"


def a1111_error(error: LikenessError, status: int) -> Told:
    """Return an error as AUTOMATIC1111's interface gives it."""
    detail = error.detail[:LONGEST_TEXT] or error.title
    return Told(status, {"error": error.code, "detail": detail, "body": "", "errors": ""}, {})


def _param(error: LikenessError) -> str | None:
    """Return the first field that is wrong."""
    places = [problem.pointer.removeprefix("#/") for problem in error.problems]
    return (places[0] or None) if places else None


SHAPES: Final[tuple[tuple[re.Pattern[str], Shape], ...]] = (
    (re.compile(r"/v1/(images(/.*)?|models(/[^/]+)?)"), openai_error),
    (re.compile(r"/sdapi/.*"), a1111_error),
)
"""How each API formats its errors, by path."""


def shape_of(path: str) -> Shape | None:
    """Return how errors are formatted at a path; None for our own format."""
    return next((shape for paths, shape in SHAPES if paths.fullmatch(path)), None)
