"""Where image bytes live: a folder, S3 / GCS / Azure, or memory, all through obstore.

An image's name is `jobs/<job id>/<sha256>`: content-addressed inside its job, so that bytes can be checked against
their name, and erasing a job erases a prefix without counting references (docs/decisions/0002-store-layout.md).
`jobs/<job id>/preview` is what it shows so far.
"""

import asyncio
import math
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import obstore
from obstore.store import LocalStore, MemoryStore

from likeness.contract.errors import InputLost
from likeness.contract.jobs import StoredPicture, first_job_id
from likeness.contract.labels import disposition, safe_name
from likeness.queue.keys import PREVIEW_NAME, STORE_PREFIX
from likeness.storage.backends import NETWORKED, ObjectStore, open_signer, open_store, translated
from likeness.storage.files import Files
from likeness.storage.staging import Staging

ENDINGS: Final = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
KEPT: Final = {"Cache-Control": "private, max-age=31536000, immutable"}
PREVIEW: Final = {"Content-Type": "image/jpeg", "Cache-Control": "no-store"}

PROBE: Final = "jobs/probe"
PROBE_BYTES: Final = 65_536
"""Enough to need a block of a disk."""
PROBE_SECONDS: Final = 5.0


class PictureStore:
    """Images of jobs. Every method raises StoreUnavailable when storage does not respond."""

    def __init__(self, store: ObjectStore | LocalStore | MemoryStore, signer: ObjectStore | None = None) -> None:
        self._store: Any = store  # obstore's functions are typed for each of its classes, not for any of them
        self._signer: Any = signer
        self._describes = not isinstance(store, LocalStore)  # a folder keeps bytes and nothing about them
        self._sorted = isinstance(store, NETWORKED)
        self._staging = Staging(Path(str(store.prefix))) if isinstance(store, LocalStore) else None
        self._took = -math.inf

    @classmethod
    def open(cls, url: str, public_url: str | None = None) -> "PictureStore":
        """Open `file:///folder` (made when missing), `memory://`, or an object store (`s3://bucket/prefix`).

        Credentials and endpoints come from the environment (docs/storage.md). Links are signed for `public_url`, the
        address of an object store as seen from outside. Raises StoreUrlError.
        """
        store = open_store(url)
        if public_url is not None:
            return cls(store, open_signer(url, public_url))
        return cls(store, store if isinstance(store, NETWORKED) else None)

    @property
    def signs(self) -> bool:
        """Whether it can give links of its own."""
        return self._signer is not None

    @property
    def files(self) -> Files:
        """The files of the same store that are no images of jobs."""
        return Files(self._store, self._staging)

    async def ping(self) -> None:
        """Return when the store answers, takes the credentials and has its bucket."""
        with translated("storage does not respond"):
            await obstore.list_with_delimiter_async(self._store, "ready")

    async def probe(self) -> None:
        """Return when the store takes bytes and erases them, as it did within PROBE_SECONDS; else as `ping`."""
        if time.monotonic() - self._took < PROBE_SECONDS:
            return
        key = f"{PROBE}-{secrets.token_hex(8)}"
        with translated("storage takes no images"):
            await obstore.put_async(self._store, key, bytes(PROBE_BYTES))
            await obstore.delete_async(self._store, key)
        self._took = time.monotonic()

    def put(self, job_id: str, data: bytes, media_type: str, reference: str | None = None) -> StoredPicture:
        """Store `data` under its job and its sha256. Returns once it is durable.

        An object store names what is downloaded by a link of its own after the `reference`, if there is one.
        """
        picture = _describe(job_id, data, media_type)
        with translated("an image could not be stored"):
            obstore.put(self._store, picture.key, data, attributes=self._attributes(_told(picture, reference)))
        return picture

    async def put_async(self, job_id: str, data: bytes, media_type: str) -> StoredPicture:
        """Do as `put`, without blocking the event loop."""
        picture = _describe(job_id, data, media_type)
        with translated("an image could not be stored"):
            await obstore.put_async(self._store, picture.key, data, attributes=self._attributes(_told(picture)))
        return picture

    def _attributes(self, told: dict[str, str]) -> dict[str, str] | None:
        return told if self._describes else None

    async def copy_async(self, picture: StoredPicture, job_id: str) -> StoredPicture:
        """Store an image of one job under another too, so that neither needs the other. Raises InputLost."""
        copied = picture.model_copy(update={"key": STORE_PREFIX.format(id=job_id) + picture.sha256})
        with translated("an image could not be copied"):
            try:
                await obstore.copy_async(self._store, picture.key, copied.key)
            except FileNotFoundError:
                raise _lost(picture) from None
        return copied

    def get(self, picture: StoredPicture) -> bytes:
        """Return the bytes of an image. Raises InputLost when it is not there or no longer what its name says."""
        with translated("an image could not be read"):
            try:
                data = bytes(obstore.get(self._store, picture.key).bytes())
            except FileNotFoundError:
                raise _lost(picture) from None
        return _sound(picture, data)

    async def get_async(self, picture: StoredPicture) -> bytes:
        """Do as `get`, without blocking the event loop."""
        with translated("an image could not be read"):
            try:
                found = await obstore.get_async(self._store, picture.key)
                data = bytes(await found.bytes_async())
            except FileNotFoundError:
                raise _lost(picture) from None
        return _sound(picture, data)

    async def get_range(self, picture: StoredPicture, start: int, end: int) -> bytes:
        """Return the bytes `start` up to but not including `end`, unchecked. Raises InputLost when it is not there."""
        if start == end:
            return b""
        with translated("an image could not be read"):
            try:
                return bytes(await obstore.get_range_async(self._store, picture.key, start=start, end=end))
            except FileNotFoundError:
                raise _lost(picture) from None

    async def sign(self, pictures: Sequence[StoredPicture], seconds: int) -> list[str]:
        """Return for each image a link by which anyone may read it for so many seconds.

        Only where `signs`. With an access key nothing is asked of the store: the image may be gone.
        """
        with translated("links could not be signed"):
            keys = [picture.key for picture in pictures]
            return list(await obstore.sign_async(self._signer, "GET", keys, timedelta(seconds=seconds)))

    def put_preview(self, job_id: str, data: bytes) -> None:
        """Store what a job shows so far in place of what it showed before."""
        with translated("a preview could not be stored"):
            obstore.put(self._store, _preview_key(job_id), data, attributes=self._attributes(PREVIEW))

    async def get_preview(self, job_id: str) -> bytes | None:
        """Return what a job shows so far; None when that is nothing."""
        with translated("a preview could not be read"):
            try:
                found = await obstore.get_async(self._store, _preview_key(job_id))
                return bytes(await found.bytes_async())
            except FileNotFoundError:
                return None

    def erase_preview(self, job_id: str) -> None:
        """Erase what a job shows, if anything."""
        with translated("a preview could not be erased"), suppress(FileNotFoundError):
            obstore.delete(self._store, _preview_key(job_id))

    async def erase(self, job_id: str) -> int:
        """Erase every image of a job, whole or half written; return how many whole ones there were.

        Whoever else erases them is no error.
        """
        prefix = STORE_PREFIX.format(id=job_id)
        with translated("images could not be erased"):
            if self._staging is not None:
                await asyncio.to_thread(self._staging.erase, job_id)
            # Collected by obstore, which also lets go of it when this is cancelled: dropped by Python, a listing whose
            # answer came meanwhile asks for Tokio's runtime where there is none, and panics.
            found = [meta["path"] for meta in await obstore.list(self._store, prefix=prefix).collect_async()]
            if found:
                await self._delete(found)
        return len(found)

    async def _delete(self, paths: list[str]) -> None:
        try:
            await obstore.delete_async(self._store, paths)
        except FileNotFoundError:  # one was gone, and not every store goes on to the others
            for path in paths:
                with suppress(FileNotFoundError):
                    await obstore.delete_async(self._store, path)

    async def jobs_older_than(self, moment: datetime) -> AsyncIterator[str]:
        """Yield the id of each job whose newest image, whole or half written, was stored before `moment`.

        Ids sort by time, and object stores list by name: there the listing ends at the first job made since, so that
        it costs what is due, not what is stored.
        """
        young = first_job_id(moment.timestamp())
        newest: dict[str, datetime] = {}
        with translated("the store could not be listed"):
            if self._staging is not None:
                newest |= await asyncio.to_thread(self._staging.newest, young)
            async for batch in obstore.list(self._store, prefix="jobs/"):
                for meta in batch:
                    job_id = meta["path"].split("/")[1]
                    if job_id < young:
                        newest[job_id] = max(newest.get(job_id, meta["last_modified"]), meta["last_modified"])
                if self._sorted and batch and batch[-1]["path"].split("/")[1] >= young:
                    break
        for job_id, stored in newest.items():
            if stored < moment:
                yield job_id


def _preview_key(job_id: str) -> str:
    return STORE_PREFIX.format(id=job_id) + PREVIEW_NAME


def _describe(job_id: str, data: bytes, media_type: str) -> StoredPicture:
    digest = sha256(data).hexdigest()
    key = STORE_PREFIX.format(id=job_id) + digest
    return StoredPicture(key=key, sha256=digest, media_type=media_type, size=len(data))


def _told(picture: StoredPicture, reference: str | None = None) -> dict[str, str]:
    """Return what the store is to say when it gives the image to someone with a link."""
    stem = safe_name(reference or "")
    tag = f"{stem}-{picture.sha256[:8]}" if stem else picture.sha256[:16]
    shown = disposition(f"{tag}.{ENDINGS.get(picture.media_type, 'bin')}")
    return {"Content-Type": picture.media_type, "Content-Disposition": shown, **KEPT}


def _sound(picture: StoredPicture, data: bytes) -> bytes:
    if sha256(data).hexdigest() != picture.sha256:
        raise InputLost(f"{picture.key} is damaged")
    return data


def _lost(picture: StoredPicture) -> InputLost:
    return InputLost(f"{picture.key} is no longer in the store")
