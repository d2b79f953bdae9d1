"""All results of a batch as one ZIP, made while it is sent: one piece of one image is in memory at a time."""

import zlib
from collections.abc import AsyncIterable, AsyncIterator
from datetime import datetime
from stat import S_IFREG
from typing import Any, Final

from stream_zip import ZIP_64, async_stream_zip

from likeness.contract.jobs import StoredPicture
from likeness.contract.report import Verdict
from likeness.names import Names
from service.batches.manifest import Manifest
from service.jobs.stored import chunks_of
from service.schemas.batches import ManifestRow
from service.state import Services

MODE: Final = S_IFREG | 0o644
ENDINGS: Final = {"jpeg": "jpg"}
Member = tuple[str, datetime, int, Any, AsyncIterator[bytes]]


def archive(services: Services, manifest: Manifest, pattern: str, verdicts: frozenset[Verdict]) -> AsyncIterable[bytes]:
    """Yield a ZIP of the results with one of the verdicts; images are compressed already, so it only stores them.

    Raises InputLost in the middle where an image is gone.
    """
    members = _members(services, manifest, pattern, verdicts)
    return async_stream_zip(members, get_compressobj=_stored)


def _stored() -> Any:  # noqa: ANN401  zlib does not name the type of what it returns
    return zlib.compressobj(level=0, wbits=-zlib.MAX_WBITS)


async def _members(
    services: Services, manifest: Manifest, pattern: str, verdicts: frozenset[Verdict]
) -> AsyncIterator[Member]:
    names, moment = Names(pattern), manifest.batch.ended_at or manifest.batch.created_at
    async for row, picture in manifest.results():
        if picture is not None and row.verdict in verdicts:
            yield names.name(_values(row)), moment, MODE, ZIP_64, _bytes(services, picture)


async def _bytes(services: Services, picture: StoredPicture) -> AsyncIterator[bytes]:
    async for chunk in chunks_of(services.store, picture, 0, picture.size):
        yield chunk


def _values(row: ManifestRow) -> dict[str, str]:
    kind = row.format or "bin"
    return {
        "reference": row.reference,
        "recipe": row.recipe,
        "set": row.set or "",
        "item": str(row.item),
        "verdict": row.verdict.value if row.verdict else "",
        "ext": ENDINGS.get(kind, kind),
    }
