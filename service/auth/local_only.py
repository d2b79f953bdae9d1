"""A service without API keys serves this machine's own programs, and no web page that its browser happens to show."""

from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from likeness.contract.errors import OriginNotAllowed
from service.auth.keys import Keys
from service.config import is_loopback
from service.http.middleware import HttpMiddleware
from service.http.problems import problem_response

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

FORWARDED: Final = frozenset({"forwarded", "via", "x-real-ip"})
"""With X-Forwarded-*, what a proxy on this machine says of a caller that is on another one."""


class LocalGuard(HttpMiddleware):
    """While no keys are in use: rejects other machines, proxies, foreign Host names (DNS rebinding) and origins."""

    def __init__(self, app: ASGIApp, keys: Keys) -> None:
        super().__init__(app)
        self._keys = keys

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app, or refuse the request."""
        self._keys.refresh()
        reason = None if self._keys.required else why_not_local(scope)
        if reason is None:
            await self._app(scope, receive, send)
            return
        error = OriginNotAllowed(f"{reason}; a service without API keys is for programs of its own machine")
        await problem_response(Request(scope), error)(scope, receive, send)


def why_not_local(scope: Scope) -> str | None:
    """Return why a request may not come from a program of this machine, or None."""
    headers = Headers(scope=scope)
    client = scope.get("client")
    if client and not is_loopback(client[0]):
        return "the request comes from another machine"
    host = headers.get("host", "")
    if not is_loopback(_name_of(host)):
        return "the Host header names another machine"
    if any(name in FORWARDED or name.startswith("x-forwarded-") for name in headers):
        return "the request came through a proxy"
    origin = headers.get("origin")
    foreign = origin is not None and origin.partition("://")[2] != host
    if foreign and scope["method"] not in SAFE_METHODS:
        return "the request comes from a web page of another site"
    return None


def _name_of(host: str) -> str:
    """Return a Host header without its port."""
    if host.startswith("["):
        return host.partition("]")[0][1:]
    return host.partition(":")[0].lower()
