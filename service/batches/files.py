"""What is kept of a batch in the store: its plan, its items and results in chunks, its images, its sets."""

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, Final

from likeness.contract.errors import InputLost
from likeness.queue.keys import BATCH_PREFIX
from likeness.storage.files import Files
from service.batches.items import Item
from service.batches.recipes import Recipe

CHUNK: Final = 200
"""Items of a chunk: its results are written anew as they come, so it is small; it is read whole, so it is not tiny."""

Result = dict[str, Any]
"""What is told of one job of a batch that has ended: a line of a chunk of results."""


class BatchFiles:
    """The files of one batch. Every method raises StoreUnavailable when storage does not respond."""

    def __init__(self, files: Files, batch_id: str) -> None:
        self._files = files
        self.prefix = BATCH_PREFIX.format(id=batch_id)

    async def put_recipes(self, recipes: Sequence[dict[str, Any]]) -> None:
        """Store the recipes, as they were sent."""
        await self._files.put(self.prefix + "recipes.json", json.dumps(list(recipes)).encode())

    async def recipes(self) -> list[Recipe]:
        """Return the recipes. Raises InputLost."""
        return [Recipe.of(one) for one in json.loads(await self._files.get(self.prefix + "recipes.json"))]

    async def put_items(self, chunk: int, items: Iterable[Item]) -> None:
        """Store a chunk of items."""
        await self._files.put(f"{self.prefix}items/{chunk}.jsonl", _lines(item.as_json() for item in items))

    async def items(self, chunk: int) -> list[Item]:
        """Return a chunk of items. Raises InputLost."""
        data = await self._files.get(f"{self.prefix}items/{chunk}.jsonl")
        return [Item.stored(json.loads(line)) for line in data.splitlines()]

    async def put_results(self, name: str, results: Iterable[Result]) -> None:
        """Store the results of a chunk under a name that no other version of them has."""
        await self._files.put(self.results_key(name), _lines(results))

    async def results(self, name: str) -> list[Result]:
        """Return the results of a chunk as they were stored under a name. Raises InputLost."""
        return [json.loads(line) for line in (await self._files.get(self.results_key(name))).splitlines()]

    def results_key(self, name: str) -> str:
        """Return the key of a version of a chunk's results."""
        return f"{self.prefix}results/{name}.jsonl"

    def image_key(self, sha256: str) -> str:
        """Return the key of an image that the batch keeps."""
        return f"{self.prefix}images/{sha256}"

    async def put_sets(self, sets: dict[str, Any]) -> None:
        """Store how consistent the sets are."""
        await self._files.put(self.prefix + "sets.json", json.dumps(sets).encode())

    async def sets(self) -> dict[str, Any]:
        """Return how consistent the sets are; nothing before the batch has ended."""
        try:
            found: dict[str, Any] = json.loads(await self._files.get(self.prefix + "sets.json"))
        except InputLost:
            return {}
        return found

    async def erase(self, *keys: str) -> None:
        """Erase some of its files."""
        await self._files.erase(*keys)

    async def erase_all(self) -> None:
        """Erase everything of the batch."""
        await self._files.erase_folder(self.prefix)

    async def chunks(self, items: int) -> AsyncIterator[tuple[int, list[Item]]]:
        """Yield the chunks of a batch of so many items, in order, each with its number."""
        for chunk in range(-(-items // CHUNK)):
            yield chunk, await self.items(chunk)


def _lines(values: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(value, separators=(",", ":")).encode() + b"\n" for value in values)
