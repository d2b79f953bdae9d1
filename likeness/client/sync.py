"""The Python client: submit an image, wait, and get the results with their reports.

    with Client("http://127.0.0.1:8000") as client:
        job = client.wait(client.recreate("shirt.jpg"))
        client.save(job, "recreated.jpg")
        job = client.wait(client.customise("shirt.jpg", instruction="make it red", mask="product"))
        job = client.wait(client.generate("a red shirt on a hanger", width=512, height=768))

Every request is retried a bounded number of times when the service is busy or unreachable. A POST carries an
idempotency key, so a retry never makes a second job. `AsyncClient` has the same methods for asyncio.
"""

import os
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Self, TypeVar, Unpack

import httpx

from likeness.client import batch_calls, calls
from likeness.client.batch_models import BatchRow, RemoteBatch
from likeness.client.call import Call
from likeness.client.connection import connection
from likeness.client.filters import JobFilters
from likeness.client.methods import Methods
from likeness.client.models import JobEvent, RemoteJob
from likeness.client.polling import WAIT_SECONDS, Waiting, succeeded
from likeness.client.retries import Retries, Tries
from likeness.client.streams import Download, Events, Made, Reading, silence

Answer = TypeVar("Answer")


class Client(Methods):
    """A connection to one service. Every method raises LikenessProblem.

    `timeout` is the number of seconds to wait for each response.
    """

    def __init__(
        self, base_url: str, api_key: str | None = None, timeout: float = 30.0, retries: Retries | None = None
    ) -> None:
        self._http = httpx.Client(**connection(base_url, api_key, timeout))
        self._timeout = timeout
        self._retries = retries or Retries()

    def __enter__(self) -> Self:
        """Use the client as a context manager to close its connections at the end."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def jobs(self, page_size: int = 20, **filters: Unpack[JobFilters]) -> Iterator[RemoteJob]:
        """Yield your jobs, newest first, fetched in pages of `page_size` (1 to 100).

        With filters, only those that meet all of them: with exactly this `reference`, of this `kind`, whose best image
        has this `verdict`, accepted at `since` or later (without a time zone, in this machine's), whose `review` stands
        so: none, approved, rejected or disputed.
        """
        cursor: str | None = None
        while True:
            page = self._send(calls.page(cursor, page_size, **filters))
            yield from page.jobs
            cursor = page.next
            if cursor is None:
                return

    def batches(self, page_size: int = 20) -> Iterator[RemoteBatch]:
        """Yield your batches, newest first, fetched in pages of `page_size` (1 to 100)."""
        cursor: str | None = None
        while True:
            page = self._send(batch_calls.batch_page(cursor, page_size))
            yield from page.batches
            cursor = page.next
            if cursor is None:
                return

    def wait(
        self,
        job: RemoteJob | str,
        on_progress: Callable[[RemoteJob], None] | None = None,
        timeout: float = 600.0,
    ) -> RemoteJob:
        """Wait until a job has succeeded and return it; `on_progress` is called about once a second.

        Raises LikenessProblem with the job's own code if it failed or was cancelled, and with `wait_timeout` after
        `timeout` seconds; in that case the job keeps running.
        """
        every = 1.0 if on_progress else WAIT_SECONDS
        for current in self.watch(job, timeout, every):
            if on_progress:
                on_progress(current)
        return succeeded(current)

    def watch(self, job: RemoteJob | str, timeout: float = 600.0, every: float = 1.0) -> Iterator[RemoteJob]:
        """Yield the state of a job every `every` seconds, at least once, until it has finished.

        Raises LikenessProblem (`wait_timeout`) after `timeout` seconds; the job keeps running.
        """
        waiting = Waiting(job, timeout, every)
        pause: float | None = 0.0
        while pause is not None:
            time.sleep(pause)
            current = self._send(waiting.call(), waiting.deadline)
            yield current
            pause = waiting.pause(current)

    def events(self, job: RemoteJob | str) -> Iterator[JobEvent]:
        """Yield every status and step of a job as it happens, from the first one until the job has finished.

        A broken connection is reopened without missing an event.
        """
        return self._stream(Events(job))

    def save(
        self,
        job: RemoteJob | str,
        target: str | os.PathLike[str],
        n: int = 0,
        on_bytes: Callable[[int], None] | None = None,
    ) -> Path:
        """Download an image of a job to a file and return its path; `on_bytes` receives the number of bytes so far.

        The file appears only when it is complete and its sha256 is correct. Raises LocalProblem if it cannot be
        written.
        """
        with Download(calls.image_path(job, n), target) as download, closing(self._stream(download)) as chunks:
            for size in chunks:
                if on_bytes:
                    on_bytes(size)
            return download.finish()

    def save_result(self, batch: RemoteBatch | str, row: BatchRow, target: str | os.PathLike[str]) -> Path:
        """Download the image of a row of a manifest to a file and return its path, as `save` does."""
        return self._download(Download(batch_calls.image_path(batch, row), target))

    def save_archive(self, batch: RemoteBatch | str, target: str | os.PathLike[str]) -> Path:
        """Download all results of a batch so far as a ZIP and return its path. Raises LocalProblem."""
        return self._download(Made(f"{batch_calls.path_of(batch)}/archive", target))

    def save_manifest(self, batch: RemoteBatch | str, target: str | os.PathLike[str], kind: str = "jsonl") -> Path:
        """Download the manifest of a batch as "jsonl" or "csv" and return its path. Raises LocalProblem."""
        return self._download(Made(f"{batch_calls.path_of(batch)}/manifest?format={kind}", target))

    def _download(self, download: Download) -> Path:
        with download, closing(self._stream(download)) as chunks:
            for _ in chunks:
                continue
            return download.finish()

    def _tries(self, deadline: float | None = None) -> Tries:
        return Tries(self._retries, str(self._http.base_url), deadline)

    def _made(self, build: Callable[[], Call[Answer]]) -> Answer:
        return self._send(build())

    def _send(self, call: Call[Answer], deadline: float | None = None) -> Answer:
        """Send a request, retry it where that may help, and return what its response holds."""
        tries = self._tries(deadline)
        while True:
            try:
                response = self._http.request(
                    call.method, call.path, timeout=tries.left(self._timeout) + call.patience, **call.sent
                )
            except httpx.HTTPError as error:
                pause = tries.after(error)
            else:
                if call.accepts(response):
                    return call.read(response)
                pause = tries.after(response)
            time.sleep(pause)

    def _stream(self, reading: Reading[Answer]) -> Generator[Answer]:
        """Yield the items of a stream, reconnecting where it broke off."""
        tries = self._tries()
        while not reading.over:
            try:
                with self._http.stream(
                    "GET", reading.path, headers=reading.headers, timeout=silence(self._timeout)
                ) as response:
                    if not response.is_success:
                        response.read()
                        pause = tries.after(response)
                    else:
                        reading.begin(response)
                        for chunk in response.iter_bytes():
                            for item in reading.take(chunk):
                                tries.progressed()
                                yield item
                        pause = reading.ended()
            except httpx.HTTPError as error:
                pause = tries.after(error)
            time.sleep(pause)
