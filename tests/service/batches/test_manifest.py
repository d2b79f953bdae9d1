"""A manifest that is read while jobs end."""

import asyncio

from obstore.store import MemoryStore

from likeness.contract.batches import Standing
from likeness.storage.files import Files
from service.batches.files import BatchFiles
from service.batches.items import Item
from service.batches.manifest import Manifest
from service.queue.batch import Batch, NewBatch
from service.queue.batch_records import Record

RESULT = {"place": 0, "attempt": 0, "image": {"sha256": "a" * 64, "media_type": "image/png", "size": 1}}


class Books:
    """A batch whose one job ends once its rows were read for the first time."""

    def __init__(self) -> None:
        self.rows_read = 0

    async def rows(self, _: str) -> dict[int, tuple[int, str]]:
        self.rows_read += 1
        return {} if self.rows_read == 1 else {0: (1, "0-new")}

    async def records(self, *_: object) -> list[Record]:
        return [Record(Standing.ACCEPTED, 0, 1)]


def test_a_job_that_ends_while_a_manifest_is_read_is_told_with_its_result() -> None:
    async def read() -> list[str | None]:
        files = BatchFiles(Files(MemoryStore()), "b")
        await files.put_items(0, [Item("SKU-1", None, None, {})])
        await files.put_results("0-new", [RESULT])
        fields = {
            str(name).encode(): str(value).encode() for name, value in NewBatch("b", "o", 1, ["a"]).fields().items()
        }
        manifest = Manifest(files, Books(), Batch.of("b", fields))  # type: ignore[arg-type]  what of them is read
        return [row.sha256 async for row in manifest.rows()]

    assert asyncio.run(read()) == ["a" * 64]
