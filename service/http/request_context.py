"""What surrounds every request: its id, its log line, its count, the headers all answers have, and the last resort."""

import re
import secrets
import time
from collections.abc import Iterator, MutableMapping
from typing import Any, Final

import httpx
import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from likeness.contract.errors import InternalError, LikenessError
from likeness.observability.tracing import Span, Tracing, valid
from service.http.middleware import HttpMiddleware
from service.http.problems import problem_response
from service.http.tracing import within
from service.metrics import Metrics

REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
SECURITY_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PIECE: Final = 3 * 2**16
"""Bytes of a body that are sent at a time."""
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

log = structlog.get_logger()


class RequestContext(HttpMiddleware):
    """Gives each request its surroundings. An exception nobody foresaw becomes a problem+json here."""

    def __init__(self, app: ASGIApp, metrics: Metrics, tracing: Tracing) -> None:
        super().__init__(app)
        self._metrics = metrics
        self._tracing = tracing

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app for one request."""
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        answer = _Answer(send, request_id)
        started = time.perf_counter()
        span = self._span(scope, request_id)
        try:
            with within(span):
                await self._app(scope, receive, answer.send)
        except ClientDisconnect:
            log.info("the caller disconnected before its request was read")
        except Exception as error:
            if answer.status and isinstance(error.__cause__, LikenessError):  # Starlette wraps what comes in mid-answer
                log.warning("the response was cut short", path=scope["path"], error=error.__cause__.code)
                return
            log.exception("request failed", method=scope["method"], path=scope["path"])
            if answer.status == 0:
                await _apologise(scope, receive, answer)
        finally:
            self._tell(scope, answer.status, time.perf_counter() - started)
            span.set({"http.route": _route(scope), "http.response.status_code": answer.status})
            span.end(
                name=f"POST {_route(scope)}",
                error=str(answer.status) if httpx.codes.is_server_error(answer.status) else None,
            )

    def _span(self, scope: Scope, request_id: str) -> Span:
        """Return the span of a request that may submit a job; others have none, only the trace of their caller."""
        given = Headers(scope=scope).getlist("traceparent")
        traceparent = valid(given[0]) if len(given) == 1 else None
        if scope["method"] != "POST":
            return Span(traceparent)
        about = {"http.request.method": "POST", "likeness.request": request_id}
        return self._tracing.span("POST", traceparent, kind="server", attributes=about)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._metrics.answered(method, _route(scope), status, seconds)
        log.info("request", method=method, path=scope["path"], status=status, seconds=round(seconds, 4))


class _Answer:
    """Sends an answer on, with the headers that all answers have."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = self._request_id
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
        for piece in _pieces(message):
            await self._send(piece)


def _pieces(message: Message) -> Iterator[Message]:
    """Yield a message; a long body in pieces, so that a caller who does not read is seen and little is held for it."""
    body = message.get("body", b"")
    if len(body) <= PIECE:
        yield message
        return
    for place in range(0, len(body), PIECE):
        more = message.get("more_body", False) or place + PIECE < len(body)
        yield {"type": "http.response.body", "body": body[place : place + PIECE], "more_body": more}


async def _apologise(scope: Scope, receive: Receive, answer: _Answer) -> None:
    error = InternalError("an unexpected error; see the service's log under this request id")
    await problem_response(Request(scope), error)(scope, receive, answer.send)


def _request_id(scope: Scope) -> str:
    """Return the id that the caller gave, when it is harmless, or a new one."""
    given = Headers(scope=scope).get("x-request-id", "")
    return given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def _route(scope: MutableMapping[str, Any]) -> str:
    """Return the route's template: a path would make a time series per job."""
    return str(getattr(scope.get("route"), "path", "none"))
