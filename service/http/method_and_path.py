"""Ways of writing a request that mean the same: HEAD for a GET whose body nobody wants, and a slash behind the path.

A redirect to the path without the slash would have to name the scheme, which is not known behind a proxy that ends TLS.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

DISCONNECTED: Message = {"type": "http.disconnect"}


class MethodAndPath:
    """Answers HEAD as GET without the body, and takes `/recreate/` for `/recreate`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app with the method and the path that its routes know."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["path"] = scope["path"].removesuffix("/") or "/"
        if scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        answer = _HeadersOnly(receive, send)
        scope["method"] = "GET"
        try:
            await self._app(scope, answer.receive, answer.send)
        finally:
            scope["method"] = "HEAD"  # as it is logged and counted


class _HeadersOnly:
    """Passes on the head of an answer; then the app is told that its reader is gone, so that no stream goes on."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._done = False

    async def receive(self) -> Message:
        return DISCONNECTED if self._done else await self._receive()

    async def send(self, message: Message) -> None:
        if self._done:
            return
        await self._send(message)
        if message["type"] == "http.response.start":
            self._done = True
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
