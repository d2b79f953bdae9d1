"""How each job of a batch stands, in the order of items, read chunk by chunk; as JSONL, or as CSV."""

import csv
import io
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from likeness.contract.batches import VERDICTS
from likeness.contract.errors import InputLost
from likeness.contract.jobs import JobFailure, StoredPicture
from service.batches.files import CHUNK, BatchFiles, Result
from service.batches.items import Item
from service.queue.batch import Batch
from service.queue.batch_records import Record
from service.queue.batches import Batches
from service.schemas.batches import Consistency, ManifestRow
from service.state import Services

COLUMNS: Final = (
    *("item", "reference", "recipe", "set", "status", "verdict", "reasons", "error", "figures", "link", "sha256"),
    *("attempt", "seconds", "set_distance", "set_spread", "set_odd"),
)
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a cell must not begin with: a spreadsheet would calculate it (OWASP, "CSV Injection")."""
FORMATS: Final = {"image/jpeg": "jpeg", "image/png": "png", "image/webp": "webp"}


@dataclass(frozen=True)
class Manifest:
    """The manifest of a batch as it stands; `root` is the path below which links lead."""

    files: BatchFiles
    books: Batches
    batch: Batch
    root: str = ""

    @classmethod
    def of(cls, services: Services, batch: Batch, root: str = "") -> "Manifest":
        """Return the manifest of a batch."""
        return cls(BatchFiles(services.store.files, batch.id), services.batches, batch, root)

    async def rows(self, since: int | None = None, reference: str | None = None) -> AsyncIterator[ManifestRow]:
        """Yield a row for each job, or for those of the item of a reference.

        With `since` only for those that have ended, of chunks with news after that step.
        """
        async for row, _ in self.results(since, reference):
            yield row

    async def results(
        self, since: int | None = None, reference: str | None = None
    ) -> AsyncIterator[tuple[ManifestRow, StoredPicture | None]]:
        """Do as `rows`, and yield with each the image of the result, if there is one."""
        written, sets = await self.books.rows(self.batch.id), await self.files.sets()
        for chunk in range(-(-self.batch.items // CHUNK)):
            step, name = written.get(chunk, (0, ""))
            if since is not None and step <= since:
                continue
            items = await self.files.items(chunk)
            if reference is not None and all(item.reference != reference for item in items):
                continue
            made = await self._results(chunk, name)
            records = await self._records(chunk, len(items))
            if any(record.standing in VERDICTS.values() and place not in made for place, record in records):
                made = await self._newest(chunk)  # they ended since it was read where the results are
            for place, record in records:
                item = items[place // len(self.batch.recipes) - chunk * CHUNK]
                found = made.get(place) if record.standing.ended else None
                if (since is None or record.standing.ended) and reference in (None, item.reference):
                    yield self._row(place, record, item, found, sets), picture_of(self.files, found)

    async def _records(self, chunk: int, items: int) -> list[tuple[int, Record]]:
        width = len(self.batch.recipes)
        first = chunk * CHUNK * width
        return list(enumerate(await self.books.records(self.batch.id, first, items * width), start=first))

    async def _results(self, chunk: int, name: str) -> dict[int, Result]:
        """Return the results of a chunk by their place; where they were written anew meanwhile, the new ones."""
        if not name:
            return {}
        try:
            found = await self.files.results(name)
        except InputLost:
            found = await self.files.results((await self.books.rows(self.batch.id))[chunk][1])
        return {result["place"]: result for result in found}

    async def _newest(self, chunk: int) -> dict[int, Result]:
        """Return the results of a chunk as they are by now."""
        _, name = (await self.books.rows(self.batch.id)).get(chunk, (0, ""))
        return await self._results(chunk, name)

    def _row(self, place: int, record: Record, item: Item, result: Result | None, sets: dict[str, Any]) -> ManifestRow:
        number, recipe = divmod(place, len(self.batch.recipes))
        known = result if result is not None and result["attempt"] == record.attempt else {}
        image = known.get("image") or {}
        name = self.batch.recipes[recipe]
        return ManifestRow(
            item=number,
            reference=item.reference,
            recipe=name,
            set=item.set,
            status=record.standing.status,
            verdict=record.standing.verdict,
            reasons=known.get("reasons", []),
            figures=known.get("figures", {}),
            error=JobFailure(**known["error"]) if "error" in known else None,
            link=f"{self.root}/batches/{self.batch.id}/images/{image['sha256']}" if image else None,
            sha256=image.get("sha256"),
            format=FORMATS.get(image.get("media_type", "")),
            attempt=record.attempt + 1,
            seconds=known.get("seconds"),
            consistency=_consistency(sets, item.set, name, place),
        )


def picture_of(files: BatchFiles, result: Result | None) -> StoredPicture | None:
    """Return the image of a result, as the batch keeps it."""
    image = (result or {}).get("image")
    return StoredPicture(key=files.image_key(image["sha256"]), **image) if image else None


def _consistency(sets: dict[str, Any], name: str | None, recipe: str, place: int) -> Consistency | None:
    found = sets.get(name or "", {}).get(recipe)
    if found is None or str(place) not in found["distances"]:
        return None
    return Consistency(distance=found["distances"][str(place)], spread=found["spread"], odd=found["odd"])


async def as_jsonl(rows: AsyncIterator[ManifestRow]) -> AsyncIterator[bytes]:
    """Yield rows as lines of JSON."""
    async for row in rows:
        yield json.dumps(row.as_json(), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


async def as_csv(rows: AsyncIterator[ManifestRow]) -> AsyncIterator[bytes]:
    """Yield rows as a CSV with a head; no cell is a formula."""
    yield _line(COLUMNS)
    async for row in rows:
        yield _line(_cells(row))


def _cells(row: ManifestRow) -> Sequence[object]:
    alike = row.consistency
    figures = "; ".join(f"{name}={value:g}" for name, value in row.figures.items())
    error = f"{row.error.code}: {row.error.detail}" if row.error else None
    first = (row.item, row.reference, row.recipe, row.set, row.status, row.verdict, "; ".join(row.reasons), error)
    last = (figures, row.link, row.sha256, row.attempt, row.seconds)
    return (*first, *last, *((alike.distance, alike.spread, alike.odd) if alike else (None, None, None)))


def _line(cells: Iterable[object]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow([_harmless(cell) for cell in cells])
    return text.getvalue().encode()


def _harmless(cell: object) -> object:
    """Return a cell so that no spreadsheet takes it for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
