"""Stored images on their way to a caller: read only as fast as the caller takes them, so that few bytes are held."""

import base64
import re
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from starlette.responses import Response, StreamingResponse

from likeness.contract.errors import InputLost, JobExpired
from likeness.contract.jobs import StoredPicture
from likeness.storage.pictures import PictureStore

CHUNK: Final = 3 * 2**16
"""Bytes that are read at a time; a multiple of three, so that the pieces in base64 make a whole."""


async def chunks_of(store: PictureStore, picture: StoredPicture, start: int, end: int) -> AsyncGenerator[bytes]:
    """Yield the bytes asked for; the end of a whole image only once all of it is what its name says.

    Raises InputLost.
    """
    digest, whole = sha256(), end - start == picture.size
    for place in range(start, end, CHUNK):
        chunk = await store.get_range(picture, place, min(place + CHUNK, end))
        digest.update(chunk)
        if whole and place + CHUNK >= end and digest.hexdigest() != picture.sha256:
            raise InputLost(f"{picture.key} is damaged")
        yield chunk


async def streamed(
    store: PictureStore,
    picture: StoredPicture,
    headers: Mapping[str, str],
    part: tuple[int, int] | None = None,
) -> Response:
    """Return the answer that gives an image, or the part of it from a byte up to another one.

    Raises JobExpired when it is erased.
    """
    start, end = part or (0, picture.size)
    chunks = chunks_of(store, picture, start, end)
    first = await _first(chunks)
    length = {"Content-Length": str(end - start)}
    return StreamingResponse(
        _all(first, chunks), 206 if part else 200, {**headers, **length}, media_type=picture.media_type
    )


async def _first(chunks: AsyncIterator[bytes]) -> bytes:
    """Return the first chunk, read before the status is sent. Raises JobExpired when the image is erased."""
    try:
        return await anext(chunks, b"")
    except InputLost as error:
        raise JobExpired("the image is no longer stored as it was made") from error


async def _all(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk


@dataclass
class Embedded:
    """Images that stand in an answer as base64: `place` says where, and `pieces` puts them there while it is sent."""

    store: PictureStore
    _pictures: list[StoredPicture] = field(default_factory=list)
    _mark: str = field(default_factory=lambda: secrets.token_hex(16))

    def place(self, picture: StoredPicture) -> str:
        """Return what is to stand in the text in the place of an image."""
        self._pictures.append(picture)
        return f"<{self._mark}:{len(self._pictures) - 1}>"

    def length(self, text: str) -> int:
        """Return how many bytes the text has once the images are in it."""
        return sum(len(part) if image is None else -(-image.size // 3) * 4 for part, image in self._parts(text))

    async def pieces(self, text: str) -> AsyncGenerator[bytes]:
        """Yield the text with the images in it. Raises InputLost."""
        for part, image in self._parts(text):
            if image is None:
                yield part
                continue
            async with aclosing(chunks_of(self.store, image, 0, image.size)) as chunks:
                async for chunk in chunks:
                    yield base64.b64encode(chunk)

    async def check(self) -> None:
        """Raise JobExpired when an image is no longer stored."""
        for picture in self._pictures:
            try:
                await self.store.get_range(picture, 0, 1)
            except InputLost as error:
                raise JobExpired("the images are no longer stored") from error

    async def answer(self, text: str, status: int, headers: Mapping[str, str]) -> Response:
        """Return the answer that gives a JSON text with the images in it. Raises JobExpired when one is erased."""
        await self.check()
        length = {"Content-Length": str(self.length(text))}
        return StreamingResponse(self.pieces(text), status, {**headers, **length}, media_type="application/json")

    def _parts(self, text: str) -> list[tuple[bytes, StoredPicture | None]]:
        parts = re.split(f"<{self._mark}:([0-9]+)>", text)
        return [
            (b"", self._pictures[int(part)]) if index % 2 else (part.encode("utf-8", "replace"), None)
            for index, part in enumerate(parts)
        ]
