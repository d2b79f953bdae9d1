"""What a request may cost before it is understood: bytes and seconds of its body."""

import asyncio
import time
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from likeness.contract.errors import FieldProblem, UploadTooLarge, UploadTooSlow
from service.http.memory import Held, Memory
from service.http.middleware import HttpMiddleware
from service.http.submitting import Submits, SubmittingRoutes

FIELDS_BYTES: Final = 64 * 1024
"""Room for the fields and the wrapping beside the images."""
COPIES: Final = 2
"""Times that a body is in memory at most: a form's file, and its bytes as they are read from it."""
COPIES_OF_JSON: Final = 3
"""The same of JSON: its text, an image's base64 out of it, and the image (`python -m benchmarks.memory`)."""
OTHERS: Final = 1
"""Images in the body of a call that accepts no jobs, as of an uploaded file."""


class BodyBounds(HttpMiddleware):
    """Bounds the body of each request, whatever its headers say; never holds more than one chunk itself.

    The errors are raised from the app's own `receive`, so they are answered like any other error of ours.
    """

    def __init__(
        self,
        app: ASGIApp,
        submitting: SubmittingRoutes,
        max_picture: int,
        max_rows: int,
        seconds: float,
        memory: Memory,
    ) -> None:
        super().__init__(app)
        self._submitting = submitting
        self._memory = memory
        self._max_picture = max_picture
        self._max_rows = max_rows
        self._seconds = seconds

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app with a bounded `receive`."""
        headers = Headers(scope=scope)
        bound, refusal = self._bound(self._submitting.of(scope), headers)
        with self._memory.held() as held:
            body = _Body(receive, headers, bound, refusal, self._seconds, held)
            await self._app(scope, body.receive, send)

    def _bound(self, mark: Submits | None, headers: Headers) -> tuple[int, UploadTooLarge]:
        """Return the most bytes of a body, and the error of one that has more."""
        if mark is not None and mark.rows:
            detail = f"at most {self._max_rows} bytes; send the batch in parts"
            return self._max_rows, UploadTooLarge(f"body: {detail}", [FieldProblem("#/", detail)])
        pictures = OTHERS if mark is None else mark.images
        return body_bound(headers, pictures * self._max_picture), self._too_large(pictures)

    def _too_large(self, pictures: int) -> UploadTooLarge:
        if not pictures:
            detail = f"at most {FIELDS_BYTES} bytes"
            return UploadTooLarge(f"body: {detail}", [FieldProblem("#/", detail)])
        detail = f"at most {self._max_picture} bytes" + (" for each image" if pictures > 1 else "")
        return UploadTooLarge(f"image: {detail}", [FieldProblem("#/image", detail)])


class _Body:
    def __init__(
        self, receive: Receive, headers: Headers, bound: int, refusal: UploadTooLarge, seconds: float, held: Held
    ) -> None:
        self._receive = receive
        self._held = held
        self._copies = COPIES_OF_JSON if is_json(headers) else COPIES
        self._bound = bound
        self._refusal = refusal
        self._announced = int(length) if (length := headers.get("content-length", "")).isdecimal() else 0
        self._seconds = seconds
        self._until: float | None = None
        self.read = 0
        self._ended = False

    async def receive(self) -> Message:
        """Return the next message. Raises UploadTooLarge or UploadTooSlow."""
        if self._ended:
            return await self._receive()
        self._check(self._announced)
        if self._until is None:
            self._until = time.monotonic() + self._seconds
        try:
            message = await asyncio.wait_for(self._receive(), max(0.0, self._until - time.monotonic()))
        except TimeoutError as error:
            detail = f"the body took longer than {self._seconds:g} s"
            raise UploadTooSlow(detail, [FieldProblem("#/", f"sent within {self._seconds:g} s")]) from error
        size = len(message.get("body", b""))
        self._check(self.read + size)
        self._held.take(self._copies * size)
        self.read += size
        self._ended = not message.get("more_body", False)
        return message

    def _check(self, size: int) -> None:
        if size > self._bound:
            raise self._refusal


def body_bound(headers: Headers, pictures: int) -> int:
    """Return the most bytes of a body that holds so many bytes of images; base64 takes a third more."""
    return (pictures * 4 // 3 if is_json(headers) else pictures) + FIELDS_BYTES


def is_json(headers: Headers) -> bool:
    """Return whether a body is said to be JSON."""
    return headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"
