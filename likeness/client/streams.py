"""Answers that come bit by bit, and are taken up again where the connection broke: a job's events, an image's bytes.

Both are readings: `path` and `headers` say what to ask for, `begin` and `take` are given what comes. Nothing is sent.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedRandom
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self, TypeVar

import httpx
from pydantic import ValidationError

from likeness.client import calls
from likeness.client.models import JobEvent, RemoteJob
from likeness.problems import LikenessProblem, LocalProblem

LONGEST_LINE: Final = 1_000_000
"""Bytes; a line of an event stream is some hundred."""
PING_SECONDS: Final = 60.0
"""A stream that is silent for longer is broken: the service sends something every 15 s."""

SHA256: Final = re.compile('"[0-9a-f]{64}"')
"""What the service gives as an image's ETag; a proxy may replace it."""

Item = TypeVar("Item", covariant=True)


class Reading(Protocol[Item]):
    """What is read bit by bit."""

    @property
    def path(self) -> str:
        """Where it is."""

    @property
    def headers(self) -> dict[str, str]:
        """What to ask with, to go on where it stopped."""

    @property
    def over(self) -> bool:
        """Whether all has come."""

    def begin(self, answer: httpx.Response) -> None:
        """Look at the head of a good answer."""

    def take(self, chunk: bytes) -> Iterator[Item]:
        """Yield what becomes known by some more bytes of it."""

    def ended(self) -> float:
        """Return the pause after an answer has ended: none. Raises an error of httpx when that was too soon."""


class Partial:
    """What both readings share: whether all has come."""

    over = False

    def ended(self) -> float:
        """Return the pause after an answer has ended: none. Raises an error of httpx when that was too soon."""
        if not self.over:
            raise httpx.RemoteProtocolError("the answer ended too soon")
        return 0.0


class Events(Partial):
    """The events of a job, until the one that ends it."""

    def __init__(self, job: RemoteJob | str) -> None:
        self.path = f"{calls.path_of(job)}/events"
        self._last = ""
        self._rest = b""
        self._fields: dict[str, str] = {}

    @property
    def headers(self) -> dict[str, str]:
        """Ask for what came after the last event that was read."""
        return {"Accept": "text/event-stream"} | ({"Last-Event-ID": self._last} if self._last else {})

    def begin(self, answer: httpx.Response) -> None:
        """Start at the beginning of a line. A 204 says that nothing is left to come."""
        self._rest, self._fields = b"", {}
        self.over = self.over or answer.status_code == 204

    def take(self, chunk: bytes) -> Iterator[JobEvent]:
        """Yield each event that is whole. Raises an error of httpx where the service tells why the stream broke off."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            raise LikenessProblem(200, "unexpected_answer", f"{self.path} does not give events")
        for line in lines:
            if line.strip():
                self._field(line.rstrip(b"\r").decode("utf-8", "replace"))
            elif event := self._event():
                yield event

    def _field(self, line: str) -> None:
        name, _, value = line.partition(":")
        self._fields[name] = value.removeprefix(" ")

    def _event(self) -> JobEvent | None:
        """Return the event that an empty line ends, if it was one; comments are none."""
        fields, self._fields = self._fields, {}
        if "data" not in fields:
            return None
        try:
            data = json.loads(fields["data"])
            if fields.get("event") == "error":
                raise httpx.RemoteProtocolError(data["detail"])
            event = JobEvent.model_validate({**data, "id": fields.get("id", "")})
        except (ValidationError, ValueError, KeyError, TypeError) as error:
            raise LikenessProblem(200, "unexpected_answer", f"{self.path} does not give events") from error
        self._last = event.id
        self.over = event.status.ended
        return event


class Download(Partial):
    """An image on its way into a file: under another name until it is whole, with the sha256 that the service told.

    Use it in a `with`: what is unfinished is removed at the end.
    """

    def __init__(self, job: RemoteJob | str, n: int, target: str | os.PathLike[str]) -> None:
        self.path = calls.image_path(job, n)
        self._target = Path(target)
        self._part = self._target.with_name(f".{self._target.name}.{os.getpid()}.part")
        self._file: BufferedRandom | None = None
        self._etag = ""
        self._size = 0

    def __enter__(self) -> Self:
        """Make the file. Raises LocalProblem when it cannot be written."""
        with self._written():
            self._target.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._part.open("w+b")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file, and remove it unless it was finished."""
        if self._file:
            self._file.close()
        self._part.unlink(missing_ok=True)

    @property
    def headers(self) -> dict[str, str]:
        """Ask for the rest, if it is still of the same image."""
        plain, done = {"Accept-Encoding": "identity"}, self._done
        known = done and SHA256.fullmatch(self._etag)
        return plain | {"Range": f"bytes={done}-", "If-Range": self._etag} if known else plain

    @property
    def _done(self) -> int:
        return self._file.tell() if self._file else 0

    def begin(self, answer: httpx.Response) -> None:
        """Go on, or start anew where the whole comes."""
        if answer.status_code != 206 and self._file:
            self._file.seek(0)
            self._file.truncate()
        self._etag = answer.headers.get("ETag", "")
        self._size = self._done + int(answer.headers.get("Content-Length", "0"))

    def take(self, chunk: bytes) -> Iterator[int]:
        """Write some more bytes and yield how many there are."""
        with self._written():
            if self._file:
                self._file.write(chunk)
        self.over = self._done >= self._size
        yield self._done

    def finish(self) -> Path:
        """Give the file its name and return it. Raises LikenessProblem when the bytes are not those of the image."""
        if self._file is None:
            raise ValueError("a download is finished within its `with`")
        self._file.seek(0)
        digest = hashlib.file_digest(self._file, "sha256").hexdigest()
        if SHA256.fullmatch(self._etag) and self._etag.strip('"') != digest:
            raise LikenessProblem(200, "unexpected_answer", f"{self.path}: the bytes are not those that were told of")
        with self._written():
            self._file.flush()
            self._part.replace(self._target)
        return self._target

    @contextmanager
    def _written(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise LocalProblem(f"{self._target} cannot be written: {error.strerror}") from error
