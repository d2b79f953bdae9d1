"""A long body of text, kept compressed: a catalogue as JSON or CSV then takes a tenth of its bytes."""

import zlib
from collections.abc import Iterator
from typing import Final

from fastapi import Request

BLOCK: Final = 64 * 1024
"""Bytes that are compressed at a time."""
LEVEL: Final = 1
"""The fastest of zlib's."""


class Packed:
    """Bytes that are written once and read in order, as often as wanted, block by block."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []
        self._rest = bytearray()

    def add(self, data: bytes) -> None:
        """Append bytes."""
        self._rest += data
        while len(self._rest) >= BLOCK:
            self._blocks.append(zlib.compress(self._rest[:BLOCK], LEVEL))
            del self._rest[:BLOCK]

    def __iter__(self) -> Iterator[bytes]:
        """Yield the bytes, block by block."""
        for block in self._blocks:
            yield zlib.decompress(block)
        if self._rest:
            yield bytes(self._rest)

    def lines(self) -> Iterator[bytes]:
        """Yield the lines, without their ends."""
        begun: list[bytes] = []
        for block in self:
            first, *others = block.split(b"\n")
            begun.append(first)
            for line in others:
                yield b"".join(begun)
                begun = [line]
        if any(begun):
            yield b"".join(begun)


async def packed_body(request: Request) -> Packed:
    """Return the whole body of a request. Raises what bounds bodies."""
    body = Packed()
    async for chunk in request.stream():
        body.add(chunk)
    return body
