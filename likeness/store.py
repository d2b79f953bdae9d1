"""Where image bytes live: a folder, S3 / GCS / Azure, or memory, all through obstore.

A picture's name is `jobs/<job id>/<sha256>`: content-addressed inside its job, so that bytes can be checked against
their name, and erasing a job erases a prefix without counting references (docs/decisions/0002-store-layout.md).
`jobs/<job id>/preview` is what it shows so far.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, from_url

from likeness.contract.errors import InputLost, StoreUnavailable
from likeness.contract.jobs import StoredPicture
from likeness.contract.names import PREVIEW_NAME, STORE_PREFIX


class PictureStore:
    """Pictures of jobs. Every method raises StoreUnavailable when the store does not answer."""

    def __init__(self, store: Any) -> None:  # noqa: ANN401  obstore's store classes share no public base
        self._store = store

    @classmethod
    def open(cls, url: str) -> "PictureStore":
        """Open `file:///folder` (made when missing), `memory://`, or any URL obstore takes (`s3://bucket/prefix`).

        Credentials and endpoints come from the environment, as obstore documents (AWS_ENDPOINT and others).
        """
        if url.startswith("memory:"):
            return cls(MemoryStore())
        if url.startswith("file://"):
            folder = Path(url.removeprefix("file://"))
            folder.mkdir(parents=True, exist_ok=True)
            return cls(LocalStore(str(folder), automatic_cleanup=True))
        return cls(from_url(url))

    async def ping(self) -> None:
        """Return when the store answers."""
        try:
            await obstore.head_async(self._store, "ready")
        except FileNotFoundError:
            return
        except BaseError as error:
            raise StoreUnavailable("the store does not answer") from error

    def put(self, job_id: str, data: bytes, media_type: str) -> StoredPicture:
        """Store `data` under its job and its sha256. Returns once it is durable."""
        picture = _describe(job_id, data, media_type)
        try:
            obstore.put(self._store, picture.key, data)
        except BaseError as error:
            raise StoreUnavailable("a picture could not be stored") from error
        return picture

    async def put_async(self, job_id: str, data: bytes, media_type: str) -> StoredPicture:
        """Do as `put`, without blocking the event loop."""
        picture = _describe(job_id, data, media_type)
        try:
            await obstore.put_async(self._store, picture.key, data)
        except BaseError as error:
            raise StoreUnavailable("a picture could not be stored") from error
        return picture

    async def copy_async(self, picture: StoredPicture, job_id: str) -> StoredPicture:
        """Store a picture of one job under another too, so that neither needs the other. Raises InputLost."""
        copied = picture.model_copy(update={"key": STORE_PREFIX.format(id=job_id) + picture.sha256})
        try:
            await obstore.copy_async(self._store, picture.key, copied.key)
        except FileNotFoundError as error:
            raise InputLost(f"{picture.key} is no longer in the store") from error
        except BaseError as error:
            raise StoreUnavailable("a picture could not be copied") from error
        return copied

    def get(self, picture: StoredPicture) -> bytes:
        """Return the bytes of a picture. Raises InputLost when it is not there or no longer what its name says."""
        try:
            data = bytes(obstore.get(self._store, picture.key).bytes())
        except FileNotFoundError as error:
            raise InputLost(f"{picture.key} is no longer in the store") from error
        except BaseError as error:
            raise StoreUnavailable("a picture could not be read") from error
        if sha256(data).hexdigest() != picture.sha256:
            raise InputLost(f"{picture.key} is damaged")
        return data

    async def get_range(self, picture: StoredPicture, start: int, end: int) -> bytes:
        """Return the bytes `start` up to but not including `end`. Raises InputLost when the picture is not there."""
        if start == end:
            return b""
        try:
            return bytes(await obstore.get_range_async(self._store, picture.key, start=start, end=end))
        except FileNotFoundError as error:
            raise InputLost(f"{picture.key} is no longer in the store") from error
        except BaseError as error:
            raise StoreUnavailable("a picture could not be read") from error

    def put_preview(self, job_id: str, data: bytes) -> None:
        """Store what a job shows so far in place of what it showed before."""
        try:
            obstore.put(self._store, _preview_key(job_id), data)
        except BaseError as error:
            raise StoreUnavailable("a preview could not be stored") from error

    async def get_preview(self, job_id: str) -> bytes | None:
        """Return what a job shows so far; None when that is nothing."""
        try:
            found = await obstore.get_async(self._store, _preview_key(job_id))
            return bytes(await found.bytes_async())
        except FileNotFoundError:
            return None
        except BaseError as error:
            raise StoreUnavailable("a preview could not be read") from error

    def erase_preview(self, job_id: str) -> None:
        """Erase what a job shows, if anything."""
        try:
            obstore.delete(self._store, _preview_key(job_id))
        except FileNotFoundError:
            return
        except BaseError as error:
            raise StoreUnavailable("a preview could not be erased") from error

    async def erase(self, job_id: str) -> int:
        """Erase every picture of a job; return how many there were."""
        prefix = STORE_PREFIX.format(id=job_id)
        try:
            found = [meta["path"] async for batch in obstore.list(self._store, prefix=prefix) for meta in batch]
            for path in found:
                await obstore.delete_async(self._store, path)
        except BaseError as error:
            raise StoreUnavailable("pictures could not be erased") from error
        return len(found)

    async def jobs_older_than(self, moment: datetime) -> AsyncIterator[str]:
        """Yield the id of each job whose newest picture was stored before `moment`."""
        newest: dict[str, datetime] = {}
        try:
            async for batch in obstore.list(self._store, prefix="jobs/"):
                for meta in batch:
                    job_id = meta["path"].split("/")[1]
                    newest[job_id] = max(newest.get(job_id, meta["last_modified"]), meta["last_modified"])
        except BaseError as error:
            raise StoreUnavailable("the store could not be listed") from error
        for job_id, stored in newest.items():
            if stored < moment:
                yield job_id


def _preview_key(job_id: str) -> str:
    return STORE_PREFIX.format(id=job_id) + PREVIEW_NAME


def _describe(job_id: str, data: bytes, media_type: str) -> StoredPicture:
    digest = sha256(data).hexdigest()
    key = STORE_PREFIX.format(id=job_id) + digest
    return StoredPicture(key=key, sha256=digest, media_type=media_type, size=len(data))
