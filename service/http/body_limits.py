"""What a request may cost before it is understood: bytes and seconds of its body."""

import asyncio
import time
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from likeness.contract.errors import FieldProblem, TooManyUploads, UploadTooLarge, UploadTooSlow
from service.http.middleware import HttpMiddleware
from service.http.submitting import SubmittingRoutes

FIELDS_BYTES: Final = 64 * 1024
"""Room for the fields and the wrapping beside the images."""
OTHERS: Final = 1
"""Images in the body of a call that accepts no jobs, as of an uploaded file."""


class BodyBounds(HttpMiddleware):
    """Bounds the body of each request, whatever its headers say; never holds more than one chunk itself.

    The errors are raised from the app's own `receive`, so they are answered like any other error of ours.
    """

    def __init__(
        self, app: ASGIApp, submitting: SubmittingRoutes, max_picture: int, seconds: float, memory: int
    ) -> None:
        super().__init__(app)
        self._submitting = submitting
        self._memory = Memory(memory)
        self._max_picture = max_picture
        self._seconds = seconds

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app with a bounded `receive`."""
        mark = self._submitting.of(scope)
        pictures = OTHERS if mark is None else mark.images
        bound = body_bound(Headers(scope=scope).get("content-type", ""), pictures * self._max_picture)
        body = _Body(receive, Headers(scope=scope), bound, self._too_large(pictures), self._seconds, self._memory)
        try:
            await self._app(scope, body.receive, send)
        finally:
            self._memory.free += body.read

    def _too_large(self, pictures: int) -> UploadTooLarge:
        if not pictures:
            detail = f"at most {FIELDS_BYTES} bytes"
            return UploadTooLarge(f"body: {detail}", [FieldProblem("#/", detail)])
        detail = f"at most {self._max_picture} bytes" + (" for each image" if pictures > 1 else "")
        return UploadTooLarge(f"image: {detail}", [FieldProblem("#/image", detail)])


class Memory:
    """Bytes that the bodies of all requests under way may take together."""

    def __init__(self, most: int) -> None:
        self.free = most

    def take(self, size: int) -> None:
        """Take so many bytes. Raises TooManyUploads when there are not so many left."""
        if size > self.free:
            raise TooManyUploads("other uploads are in progress; try again in a second", retry_after=1)
        self.free -= size


class _Body:
    def __init__(
        self, receive: Receive, headers: Headers, bound: int, refusal: UploadTooLarge, seconds: float, memory: Memory
    ) -> None:
        self._receive = receive
        self._memory = memory
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
        self._memory.take(size)
        self.read += size
        self._ended = not message.get("more_body", False)
        return message

    def _check(self, size: int) -> None:
        if size > self._bound:
            raise self._refusal


def body_bound(content_type: str, pictures: int) -> int:
    """Return the most bytes of a body that holds so many bytes of images; base64 takes a third more."""
    if content_type.partition(";")[0].strip().lower() == "application/json":
        return pictures * 4 // 3 + FIELDS_BYTES
    return pictures + FIELDS_BYTES
