"""Streamed responses that are resumed after a broken connection: the events of a job, the bytes of an image.

Both are readings: `path` and `headers` describe the request, `begin` and `take` receive the response. Neither sends
anything.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from io import BufferedRandom
from pathlib import Path
from typing import Final, Protocol, Self, TypeVar

import httpx
from pydantic import ValidationError

from likeness.client import calls
from likeness.client.models import JobEvent, RemoteJob
from likeness.problems import LikenessProblem, writing

LONGEST_LINE: Final = 1_000_000
"""Bytes; a line of an event stream has a few hundred."""
PING_SECONDS: Final = 60.0
"""A stream that is silent for longer is broken: the service sends a ping every 15 s."""

SHA256: Final = re.compile('"[0-9a-f]{64}"')
"""The ETag that the service sends with an image; a proxy may replace it."""

Item = TypeVar("Item", covariant=True)


def silence(timeout: float) -> httpx.Timeout:
    """Return the timeouts of a stream, in which nothing but pings may come for a while."""
    return httpx.Timeout(timeout, read=max(timeout, PING_SECONDS))


class Reading(Protocol[Item]):
    """A response that is read in pieces, over several requests if need be."""

    @property
    def path(self) -> str:
        """The path to request."""

    @property
    def headers(self) -> dict[str, str]:
        """The headers that resume the stream where it stopped."""

    @property
    def over(self) -> bool:
        """Whether everything was received."""

    def begin(self, response: httpx.Response) -> None:
        """Read the head of a successful response."""

    def take(self, chunk: bytes) -> Iterator[Item]:
        """Yield the items that these bytes complete."""

    def ended(self) -> float:
        """Return the pause after a complete response, 0. Raises httpx.RemoteProtocolError if it was cut short."""


class Partial:
    """What both readings share: whether everything was received."""

    over = False

    def ended(self) -> float:
        """Return the pause after a complete response, 0. Raises httpx.RemoteProtocolError if it was cut short."""
        if not self.over:
            raise httpx.RemoteProtocolError("the response was cut short")
        return 0.0


class Events(Partial):
    """The events of a job, up to its last one."""

    def __init__(self, job: RemoteJob | str) -> None:
        self.path = f"{calls.path_of(job)}/events"
        self._last = ""
        self._rest = b""
        self._fields: dict[str, str] = {}

    @property
    def headers(self) -> dict[str, str]:
        """Ask for the events after the last one read."""
        return {"Accept": "text/event-stream"} | ({"Last-Event-ID": self._last} if self._last else {})

    def begin(self, response: httpx.Response) -> None:
        """Start at the beginning of a line. A 204 means that there are no more events."""
        self._rest, self._fields = b"", {}
        self.over = self.over or response.status_code == 204

    def take(self, chunk: bytes) -> Iterator[JobEvent]:
        """Yield each complete event. Raises httpx.RemoteProtocolError if the service reports an error in the stream."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            raise LikenessProblem(200, "unexpected_answer", f"{self.path} is not an event stream")
        for line in lines:
            if line.strip():
                self._field(line.rstrip(b"\r").decode("utf-8", "replace"))
            elif event := self._event():
                yield event

    def _field(self, line: str) -> None:
        name, _, value = line.partition(":")
        self._fields[name] = value.removeprefix(" ")

    def _event(self) -> JobEvent | None:
        """Return the event that an empty line completes; None if there were only comments."""
        fields, self._fields = self._fields, {}
        if "data" not in fields:
            return None
        try:
            data = json.loads(fields["data"])
            if fields.get("event") == "error":
                raise httpx.RemoteProtocolError(data["detail"])
            event = JobEvent.model_validate({**data, "id": fields.get("id", "")})
        except (ValidationError, ValueError, KeyError, TypeError) as error:
            raise LikenessProblem(200, "unexpected_answer", f"{self.path} is not an event stream") from error
        self._last = event.id
        self.over = event.status.ended
        return event


class Download(Partial):
    """Downloads an image to a file, under a temporary name until it is complete and its sha256 is correct.

    Use it as a context manager: an unfinished file is removed at the end.
    """

    def __init__(self, path: str, target: str | os.PathLike[str]) -> None:
        self.path = path
        self._target = Path(target)
        self._part = self._target.with_name(f".{self._target.name}.{os.getpid()}.part")
        self._file: BufferedRandom | None = None
        self._etag = ""
        self._size = 0

    def __enter__(self) -> Self:
        """Create the file. Raises LocalProblem if it cannot be written."""
        with writing(self._target):
            self._target.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._part.open("w+b")
        return self

    def __exit__(self, *error: object) -> None:
        """Close the file and remove it unless it was finished."""
        if self._file:
            with suppress(OSError):  # what no room is left for is not needed: it is removed
                self._file.close()
        self._part.unlink(missing_ok=True)

    @property
    def headers(self) -> dict[str, str]:
        """Ask for the rest, provided that the image is still the same."""
        plain, done = {"Accept-Encoding": "identity"}, self._done
        known = done and SHA256.fullmatch(self._etag)
        return plain | {"Range": f"bytes={done}-", "If-Range": self._etag} if known else plain

    @property
    def _done(self) -> int:
        return self._file.tell() if self._file else 0

    def begin(self, response: httpx.Response) -> None:
        """Continue the file, or start it again if the response is the whole image."""
        if response.status_code != 206 and self._file:
            self._file.seek(0)
            self._file.truncate()
        self._etag = response.headers.get("ETag", "")
        self._size = self._done + int(response.headers.get("Content-Length", "0"))

    def take(self, chunk: bytes) -> Iterator[int]:
        """Write more bytes and yield the number of bytes so far."""
        with writing(self._target):
            if self._file:
                self._file.write(chunk)
        self.over = self._done >= self._size
        yield self._done

    def finish(self) -> Path:
        """Give the file its final name and return its path. Raises LikenessProblem if its sha256 is wrong."""
        if self._file is None:
            raise ValueError("a download can only be finished inside its `with` block")
        with writing(self._target):
            self._file.seek(0)  # writes what is still in memory, for which a disk may have no room
        digest = hashlib.file_digest(self._file, "sha256").hexdigest()
        if SHA256.fullmatch(self._etag) and self._etag.strip('"') != digest:
            raise LikenessProblem(
                200, "unexpected_answer", f"{self.path}: the bytes do not match the sha256 that the service sent"
            )
        with writing(self._target):
            self._part.replace(self._target)
        return self._target


class Made(Download):
    """A file that is made while it is sent: its size is not known, and it cannot be resumed, only begun again."""

    def begin(self, response: httpx.Response) -> None:
        """Start the file again."""
        super().begin(response)
        self.over = False

    def take(self, chunk: bytes) -> Iterator[int]:
        """Write more bytes and yield the number of bytes so far."""
        yield from super().take(chunk)
        self.over = False

    def ended(self) -> float:
        """Return the pause after a complete response, 0."""
        self.over = True
        return 0.0

    @property
    def headers(self) -> dict[str, str]:
        """Ask for all of it."""
        return {"Accept-Encoding": "identity"}
