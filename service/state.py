"""What the routes work with, made once per app."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from likeness.contract.catalogue import Catalogue
from likeness.contract.presets import Presets, load_presets
from likeness.imaging.formats.decode import Bounds
from likeness.storage.pictures import PictureStore
from service.auth.keys import LOCAL_OWNER, Keys
from service.config import Settings
from service.http.fetch import Fetcher
from service.metrics import Metrics
from service.queue.batches import Batches
from service.queue.jobs import JobQueue
from service.queue.review_links import ReviewLinks


class Places:
    """A bounded number of places; a call that waits for long takes one, so that calls that do not keep their Redis.

    One API key has at most `share` of them; without keys there is nobody to share with.
    """

    def __init__(self, most: int, share: int) -> None:
        self._most, self._share = most, share
        self._taken: Counter[str] = Counter()

    @property
    def free(self) -> int:
        """How many places nobody has."""
        return self._most - self._taken.total()

    @contextmanager
    def taken(self, owner: str) -> Iterator[bool]:
        """Take a place for a call of `owner` while the block runs; False when there is none."""
        share = self._most if owner == LOCAL_OWNER else self._share
        got = self.free > 0 and self._taken[owner] < share
        self._taken[owner] += got
        try:
            yield got
        finally:
            self._taken[owner] -= got
            self._taken += Counter()  # forget owners that have none


@dataclass(frozen=True)
class Services:
    """What the routes work with."""

    settings: Settings
    catalogue: Catalogue
    queue: JobQueue
    store: PictureStore
    keys: Keys
    fetcher: Fetcher
    metrics: Metrics
    waiting: Places
    presets: Presets

    @classmethod
    def of(cls, settings: Settings, catalogue: Catalogue, keys: Keys) -> "Services":
        """Return the services that the settings describe; nothing is connected yet."""
        return cls(
            settings=settings,
            catalogue=catalogue,
            queue=JobQueue.connect(
                settings.redis_url,
                max_queued=settings.max_queued,
                lifetime=settings.lifetime,
                share=settings.share,
            ),
            store=PictureStore.open(settings.store_url, settings.store_public_url),
            keys=keys,
            fetcher=Fetcher(settings.max_upload_bytes, settings.fetch_seconds),
            metrics=Metrics(),
            waiting=Places(settings.max_waiting, settings.waiting_share),
            presets=load_presets(settings.presets),
        )

    @property
    def batches(self) -> Batches:
        """The batches, in the Redis of the queue."""
        return Batches(self.queue.connection)

    @property
    def review_links(self) -> ReviewLinks:
        """The links to review by, in the Redis of the queue."""
        return ReviewLinks(self.queue.connection)

    @property
    def bounds(self) -> Bounds:
        """The largest image that is taken."""
        return Bounds(self.settings.max_upload_bytes, self.settings.max_pixels, self.settings.max_side)


def services(request: Request) -> Services:
    """Return the services of the app that got the request."""
    found: Services = request.app.state.services
    return found


Use = Annotated[Services, Depends(services)]
