"""What is told on a connection beyond the bound (service/http/connections.py)."""

from typing import Final

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from likeness.contract.errors import Unavailable
from service.http.middleware import HttpMiddleware
from service.http.problems import problem_response

ALIVE: Final = "/healthz"
"""Answered all the same: a supervisor would else end a service that is merely busy."""


class Crowded(HttpMiddleware):
    """Refuses what comes on connections beyond the bound."""

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app, or refuse the request."""
        if not scope.get("state", {}).get("crowded") or scope["path"] == ALIVE:
            await self._app(scope, receive, send)
            return
        error = Unavailable("too many connections; try again", retry_after=1)
        await problem_response(Request(scope), error, {"Connection": "close"})(scope, receive, send)
