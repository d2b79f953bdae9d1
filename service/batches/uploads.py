"""Images that are uploaded once, under their sha256, before items of batches use them.

They lie in a folder of their key's own: nobody learns what others have.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from fastapi import Request

from likeness.contract.errors import InvalidPicture, UploadDiffers, UploadNotFound, UploadsFull
from likeness.queue.keys import UPLOADS_PREFIX
from service.state import Services


def key_of(owner: str, digest: str) -> str:
    """Return the name under which an upload of a key is stored."""
    return UPLOADS_PREFIX.format(owner=owner) + digest


async def receive(services: Services, owner: str, digest: str, request: Request) -> bool:
    """Store the body of a request as an upload, and return whether it was not there yet.

    Raises UploadDiffers unless the sha256 of its bytes is `digest`, UploadsFull when the key has no room for it, and
    what bounds bodies. Nothing is there before all of it is.
    """
    files, key = services.store.files, key_of(owner, digest)
    known = await files.size(key)
    announced = int(length) if (length := request.headers.get("content-length", "")).isdecimal() else None
    room = 0 if known is not None else services.settings.max_upload_bytes if announced is None else announced
    if room and not await services.batches.reserve(owner, room, services.settings.max_uploads_per_key):
        raise UploadsFull(
            f"{services.settings.max_uploads_per_key} bytes are taken; delete uploads, or let them expire"
        )
    body = _Checked(request.stream(), digest)
    try:
        await files.put(key, body.chunks())
    except BaseException:
        await services.batches.release(owner, room)
        raise
    if known is None and room != body.size:
        await services.batches.release(owner, room - body.size)
    return known is None


class _Checked:
    """The chunks of a body, counted, and compared with their sha256 at the end."""

    def __init__(self, stream: AsyncIterator[bytes], digest: str) -> None:
        self._stream, self._digest = stream, digest
        self.size = 0

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield them. Raises UploadDiffers or InvalidPicture after the last one."""
        found = sha256()
        async for chunk in self._stream:
            found.update(chunk)
            self.size += len(chunk)
            if chunk:
                yield chunk
        if found.hexdigest() != self._digest:
            raise UploadDiffers(f"the sha256 of these {self.size} bytes is {found.hexdigest()}")
        if not self.size:
            raise InvalidPicture("the file is empty")


async def size_of(services: Services, owner: str, digest: str) -> int:
    """Return the size of an upload in bytes. Raises UploadNotFound, also for what only others have uploaded."""
    size = await services.store.files.size(key_of(owner, digest))
    if size is None:
        raise UploadNotFound("nothing of this sha256 was uploaded with this key")
    return size


async def delete(services: Services, owner: str, digest: str) -> None:
    """Erase an upload. Raises UploadNotFound."""
    size = await size_of(services, owner, digest)
    await services.store.files.erase(key_of(owner, digest))
    await services.batches.release(owner, size)


async def uploaded(services: Services, owner: str) -> set[bytes]:
    """Return the sha256 of everything that a key has uploaded, each as 32 bytes."""
    prefix = UPLOADS_PREFIX.format(owner=owner)
    return {bytes.fromhex(file.key.removeprefix(prefix)) async for file in services.store.files.listing(prefix)}


async def sweep(services: Services) -> int:
    """Erase the uploads whose lifetime is over and whose key has no batch under way; return how many those were.

    What is left is counted anew, so that a crash in an upload takes no room for good.
    """
    files, moment = services.store.files, datetime.now(UTC) - timedelta(seconds=services.settings.upload_lifetime)
    busy, erased = set((await services.batches.open()).values()), 0
    for owner in await files.folders("uploads/"):
        size, prefix = 0, UPLOADS_PREFIX.format(owner=owner)
        await files.erase_staged(prefix, moment)
        async for file in files.listing(prefix):
            if file.written < moment and owner not in busy:
                await files.erase(file.key)
                erased += 1
            else:
                size += file.size
        await services.batches.set_uploaded(owner, size)
    return erased
