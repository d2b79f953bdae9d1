"""Named files beside the images of jobs: what was uploaded before it is used, and what a batch is kept in."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import obstore

from likeness.contract.errors import InputLost
from likeness.contract.jobs import StoredPicture
from likeness.storage.backends import translated
from likeness.storage.staging import Staging


@dataclass(frozen=True)
class Listed:
    """A stored file: its name, its size in bytes, and when it was written."""

    key: str
    size: int
    written: datetime


class Files:
    """Files by their name. Every method raises StoreUnavailable when storage does not respond, or takes no more."""

    def __init__(self, store: Any, staging: Staging | None = None) -> None:  # noqa: ANN401  as in PictureStore
        self._store, self._staging = store, staging

    async def put(self, key: str, data: bytes | AsyncIterable[bytes]) -> None:
        """Store a file under a name; of a stream nothing is there before its end, and nothing when it raises."""
        with translated("a file could not be stored"):
            await obstore.put_async(self._store, key, data)

    async def get(self, key: str) -> bytes:
        """Return a file. Raises InputLost when it is not there."""
        with translated("a file could not be read"):
            try:
                found = await obstore.get_async(self._store, key)
                return bytes(await found.bytes_async())
            except FileNotFoundError:
                raise InputLost(f"{key} is no longer in the store") from None

    async def size(self, key: str) -> int | None:
        """Return the size of a file in bytes; None when it is not there."""
        with translated("a file could not be looked up"):
            try:
                return int((await obstore.head_async(self._store, key))["size"])
            except FileNotFoundError:
                return None

    async def copy(self, picture: StoredPicture, key: str) -> StoredPicture:
        """Store an image of a job under another name too. Raises InputLost."""
        with translated("an image could not be copied"):
            try:
                await obstore.copy_async(self._store, picture.key, key)
            except FileNotFoundError:
                raise InputLost(f"{picture.key} is no longer in the store") from None
        return picture.model_copy(update={"key": key})

    async def listing(self, prefix: str) -> AsyncIterator[Listed]:
        """Yield the files whose names begin with a folder's name, which ends with a slash."""
        with translated("the store could not be listed"):
            async for batch in obstore.list(self._store, prefix=prefix):
                for meta in batch:
                    yield Listed(meta["path"], meta["size"], meta["last_modified"])

    async def folders(self, prefix: str) -> list[str]:
        """Return the names of the folders in a folder, without what they are in."""
        with translated("the store could not be listed"):
            found = await obstore.list_with_delimiter_async(self._store, prefix.rstrip("/"))
        return [path.rstrip("/").rpartition("/")[2] for path in found["common_prefixes"]]

    async def erase(self, *keys: str) -> None:
        """Erase files; one that is gone already is no error."""
        with translated("files could not be erased"):
            for key in keys:
                try:
                    await obstore.delete_async(self._store, key)
                except FileNotFoundError:
                    continue

    async def erase_folder(self, prefix: str) -> int:
        """Erase all files of a folder, whole or half written, and return how many whole ones there were."""
        found = [file.key async for file in self.listing(prefix)]
        with translated("files could not be erased"):
            for start in range(0, len(found), 1000):
                try:
                    await obstore.delete_async(self._store, found[start : start + 1000])
                except FileNotFoundError:  # one was gone, and not every store goes on to the others
                    await self.erase(*found[start : start + 1000])
            if self._staging is not None:
                await asyncio.to_thread(self._staging.erase_below, prefix)
        return len(found)

    async def erase_staged(self, prefix: str, moment: datetime) -> None:
        """Erase what was half written in a folder before `moment`, by a process that died."""
        if self._staging is not None:
            with translated("files could not be erased"):
                await asyncio.to_thread(self._staging.erase_old, prefix, moment)
