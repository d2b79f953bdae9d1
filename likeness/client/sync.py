"""The Python client: hand in a picture, wait, get the images and their reports.

    with Client("http://127.0.0.1:8000") as client:
        job = client.wait(client.recreate("shirt.jpg"))
        client.save(job, "recreated.jpg")
        job = client.wait(client.customise("shirt.jpg", instruction="make it red", mask="product"))
        job = client.wait(client.generate("a red shirt on a hanger", width=512, height=768))

Every call is tried again when the service is busy or away, a bounded number of times; a POST carries a key that makes
sure that trying again never makes a second job. `AsyncClient` has the same methods for asyncio.
"""

import os
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from likeness.client import calls
from likeness.client.body import Fields, File
from likeness.client.calls import Call
from likeness.client.models import DryRun, EngineInfo, Health, JobEvent, RemoteJob, Usage
from likeness.client.polling import WAIT_SECONDS, Waiting, succeeded
from likeness.client.retries import Retries, Tries
from likeness.client.streams import PING_SECONDS, Download, Events, Reading
from likeness.contract.comparison import JobKind
from likeness.contract.report import Report

Answer = TypeVar("Answer")


class Client:
    """A connection to one service. Every method raises LikenessProblem; `timeout` is in seconds and of one answer."""

    def __init__(
        self, base_url: str, api_key: str | None = None, timeout: float = 30.0, retries: Retries | None = None
    ) -> None:
        self._http = httpx.Client(**calls.connection(base_url, api_key, timeout))
        self._timeout = timeout
        self._silence = httpx.Timeout(timeout, read=max(timeout, PING_SECONDS))
        self._retries = retries or Retries()

    def __enter__(self) -> Self:
        """Use as a context manager to close the connections at the end."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def recreate(self, picture: File, *, idempotency_key: str | None = None, **fields: Fields) -> RemoteJob:
        """Hand in a picture (a path, its bytes, an open file or a URL); `fields` are those of `POST /recreate`.

        The same `idempotency_key` with the same content never makes a second job; one is made up when none is given.
        """
        return self._ask(calls.recreate(picture, fields, idempotency_key))

    def customise(
        self,
        picture: File,
        *,
        mask: File | None = None,
        logo: File | None = None,
        control: File | None = None,
        style_image: File | None = None,
        guide: File | None = None,
        idempotency_key: str | None = None,
        **fields: Fields,
    ) -> RemoteJob:
        """Hand in a picture to be changed; `fields` are those of `POST /customise`.

        `mask` is "product" or "background", or a picture as the others are.
        """
        files = {"image": picture, "mask": mask, "logo": logo, "control": control}
        files |= {"style_image": style_image, "guide": guide}
        return self._ask(calls.customise(files, fields, idempotency_key))

    def compare(
        self,
        picture: File,
        runs: Sequence[Mapping[str, Any]],
        task: Mapping[str, Any] | None = None,
        *,
        mask: File | None = None,
        logo: File | None = None,
        control: File | None = None,
        style_image: File | None = None,
        guide: File | None = None,
        idempotency_key: str | None = None,
        **fields: Fields,
    ) -> RemoteJob:
        """Hand in a picture to go through several engines and settings, `{"engine": "starter", "strength": [0, 0.3]}`.

        `task` is what each run does, with its `kind`; recreation when not given. The other files are for it.
        """
        files = {"image": picture, "mask": mask, "logo": logo, "control": control}
        files |= {"style_image": style_image, "guide": guide}
        return self._ask(calls.compare(files, runs, task, fields, idempotency_key))

    def generate(self, prompt: str | None = None, *, idempotency_key: str | None = None, **fields: Fields) -> RemoteJob:
        """Have a new picture made, from text where the engine takes one; `fields` are those of `POST /generate`."""
        return self._ask(calls.generate(prompt, fields, idempotency_key))

    def reproduce(self, job: RemoteJob | str, *, idempotency_key: str | None = None) -> RemoteJob:
        """Have the images of a job made again; the new job's `result.reproduction` says how near they came."""
        return self._ask(calls.reproduce(job, idempotency_key))

    def dry_run(self, kind: JobKind, picture: File | None = None, **fields: Fields) -> DryRun:
        """Return what handing in this picture would do and take, without doing it; `fields` are those of that call.

        `generate` takes no picture.
        """
        return self._ask(calls.dry_run(kind, picture, fields))

    def job(self, job_id: str, wait: int = 0, presigned: bool = False) -> RemoteJob:
        """Return a job as it stands; with `wait`, as it stands once it has ended, or after so many seconds.

        With `presigned` its images' URLs lead straight to the object store, until `result.links_expire_at`.
        """
        return self._ask(calls.job(job_id, wait, presigned))

    def jobs(self, page_size: int = 20) -> Iterator[RemoteJob]:
        """Yield your jobs, newest first; they are asked for in pages of `page_size`, 1 to 100."""
        cursor: str | None = None
        while True:
            page = self._ask(calls.page(cursor, page_size))
            yield from page.jobs
            cursor = page.next
            if cursor is None:
                return

    def wait(
        self,
        job: RemoteJob | str,
        on_progress: Callable[[RemoteJob], None] | None = None,
        timeout: float = 600.0,
    ) -> RemoteJob:
        """Wait until a job has succeeded and return it; `on_progress` is called about each second.

        Raises LikenessProblem with the job's own code when it failed or was cancelled, `wait_timeout` after `timeout`
        seconds; the job then goes on.
        """
        every = 1.0 if on_progress else WAIT_SECONDS
        for current in self.watch(job, timeout, every):
            if on_progress:
                on_progress(current)
        return succeeded(current)

    def watch(self, job: RemoteJob | str, timeout: float = 600.0, every: float = 1.0) -> Iterator[RemoteJob]:
        """Yield a job as it stands every so many seconds, at least once, until it has ended.

        Raises LikenessProblem (`wait_timeout`) after `timeout` seconds; the job then goes on.
        """
        waiting = Waiting(job, timeout, every)
        pause: float | None = 0.0
        while pause is not None:
            time.sleep(pause)
            current = self._ask(waiting.call(), waiting.deadline)
            yield current
            pause = waiting.pause(current)

    def events(self, job: RemoteJob | str) -> Iterator[JobEvent]:
        """Yield each status and each step of a job as it happens, from its first, until it has ended.

        A connection that breaks is made anew and nothing is missed.
        """
        return self._read(Events(job))

    def image(self, job: RemoteJob | str, n: int = 0) -> bytes:
        """Return the bytes of an image of a job; 0 is the best one."""
        return self._ask(calls.image(job, n))

    def save(
        self,
        job: RemoteJob | str,
        target: str | os.PathLike[str],
        n: int = 0,
        on_bytes: Callable[[int], None] | None = None,
    ) -> Path:
        """Write an image of a job to a file as it comes and return its path; `on_bytes` is told how many are there.

        The file appears when it is whole and its sha256 is right. Raises LocalProblem when it cannot be written.
        """
        with Download(job, n, target) as download, closing(self._read(download)) as chunks:
            for done in chunks:
                if on_bytes:
                    on_bytes(done)
            return download.finish()

    def preview(self, job: RemoteJob | str) -> bytes | None:
        """Return what a running job shows so far, a small JPEG; None where that is nothing."""
        return self._ask(calls.preview(job))

    def sheet(self, job: RemoteJob | str) -> bytes:
        """Return the contact sheet of a comparison, a PNG."""
        return self._ask(calls.sheet(job))

    def report(self, job: RemoteJob | str, n: int = 0) -> Report:
        """Return the report of an image of a job; 0 is the best one."""
        return self._ask(calls.report(job, n))

    def report_card(self, job: RemoteJob | str, n: int = 0) -> bytes:
        """Return the report of an image of a job as a picture, a PNG."""
        return self._ask(calls.report_card(job, n))

    def engines(self) -> list[EngineInfo]:
        """Return the catalogue."""
        return self._ask(calls.engines())

    def usage(self, days: int = 1) -> Usage:
        """Return what your key used on so many days, today first, and what bounds it."""
        return self._ask(calls.usage(days))

    def health(self) -> Health:
        """Return whether the service can do its work now, and what is missing."""
        return self._ask(calls.health())

    def cancel(self, job: RemoteJob | str) -> RemoteJob:
        """Stop a job; return it as it then stands."""
        return self._ask(calls.cancel(job))

    def delete(self, job: RemoteJob | str) -> None:
        """Stop a job and erase its pictures."""
        self._ask(calls.delete(job))

    def _tries(self, deadline: float | None = None) -> Tries:
        return Tries(self._retries, str(self._http.base_url), deadline)

    def _ask(self, call: Call[Answer], deadline: float | None = None) -> Answer:
        """Send a request, again where that may help, and return what its answer tells."""
        tries = self._tries(deadline)
        while True:
            try:
                answer = self._http.request(
                    call.method, call.path, timeout=tries.left(self._timeout) + call.patience, **call.sent
                )
            except httpx.HTTPError as error:
                pause = tries.after(error)
            else:
                if call.answered_by(answer):
                    return call.read(answer)
                pause = tries.after(answer)
            time.sleep(pause)

    def _read(self, reading: Reading[Answer]) -> Generator[Answer]:
        """Yield what comes, connecting again where it broke off."""
        tries = self._tries()
        while not reading.over:
            try:
                with self._http.stream("GET", reading.path, headers=reading.headers, timeout=self._silence) as answer:
                    if not answer.is_success:
                        answer.read()
                        pause = tries.after(answer)
                    else:
                        reading.begin(answer)
                        for chunk in answer.iter_bytes():
                            for item in reading.take(chunk):
                                tries.progressed()
                                yield item
                        pause = reading.ended()
            except httpx.HTTPError as error:
                pause = tries.after(error)
            time.sleep(pause)
