"""What the routes work with, made once per app."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request

from likeness.contract.catalogue import Catalogue
from likeness.contract.errors import InvalidField, NotAuthenticated, ScopeMissing
from likeness.imaging.formats.decode import Bounds
from likeness.storage.pictures import PictureStore
from service.auth.keys import LOCAL_OWNER, Keys, Scope
from service.config import Settings
from service.http.body_limits import Memory
from service.http.fetch import Fetcher
from service.metrics import Metrics
from service.queue.jobs import JobQueue


class Places:
    """A bounded number of places; a call that waits for long takes one, so that calls that do not keep their Redis."""

    def __init__(self, most: int) -> None:
        self._free = most

    @contextmanager
    def taken(self) -> Iterator[bool]:
        """Take a place while the block runs; False when there is none."""
        got = self._free > 0
        self._free -= got
        try:
            yield got
        finally:
            self._free += got


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
            fetcher=Fetcher(
                settings.max_upload_bytes, settings.fetch_seconds, memory=Memory(settings.max_upload_memory)
            ),
            metrics=Metrics(),
            waiting=Places(settings.max_waiting),
        )

    @property
    def bounds(self) -> Bounds:
        """The largest picture that is taken."""
        return Bounds(self.settings.max_upload_bytes, self.settings.max_pixels, self.settings.max_side)


def services(request: Request) -> Services:
    """Return the services of the app that got the request."""
    found: Services = request.app.state.services
    return found


Use = Annotated[Services, Depends(services)]


def authenticate(request: Request, services: Use) -> str:
    """Return whose request it is: to read needs the scope jobs:read, all else jobs:write.

    Raises NotAuthenticated when keys are in use and it brings none of them, ScopeMissing when its key may not do this.
    """
    return holder(request, services, Scope.READ if request.method in READING else Scope.WRITE)


def may_read_metrics(request: Request, services: Use) -> str:
    """Return whose request it is, of one that reads the metrics. Raises as `authenticate` does."""
    return holder(request, services, Scope.METRICS)


def holder(request: Request, services: Services, scope: Scope) -> str:
    """Return whose key a request brings, if it has the scope. Raises NotAuthenticated and ScopeMissing."""
    services.keys.refresh()
    if not services.keys.required:
        return LOCAL_OWNER
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    owner = services.keys.owner_of(key.strip()) if scheme.lower() == "bearer" else None
    if owner is None:
        raise NotAuthenticated("send `Authorization: Bearer <key>` with a key of this service")
    if scope not in services.keys.limits_of(owner).scopes:
        raise ScopeMissing(f"the call needs a key with the scope {scope}")
    return owner


READING: Final = frozenset({"GET", "HEAD"})
Owner = Annotated[str, Depends(authenticate)]
MetricsReader = Annotated[str, Depends(may_read_metrics)]


class OnlyQuery:
    """Dependency: refuses query parameters that a call does not have, or that come twice."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def __call__(self, request: Request) -> None:
        """Raise InvalidField at the first parameter that is too many."""
        seen: set[str] = set()
        for name, _ in request.query_params.multi_items():
            if name not in self._names:
                raise InvalidField.at(name[:64], "not a query parameter of this call")
            if name in seen:
                raise InvalidField.at(name, "given more than once")
            seen.add(name)
