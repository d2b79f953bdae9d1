"""A feeder in a thread of the test's process, on the Redis and the store of a live service."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from service.config import Settings
from service.feeder.__main__ import services_of
from service.feeder.feeder import Feeder
from service.http.fetch import Fetcher


@contextmanager
def feeding(settings: Settings, fetcher: Fetcher | None = None) -> Iterator[Feeder]:
    """Run a feeder; it is stopped at the end as SIGTERM stops it. It fetches by a `fetcher` of the test's own."""
    ready, made = threading.Event(), list[Feeder]()

    async def run() -> None:
        services = services_of(settings)
        services = services if fetcher is None else replace(services, fetcher=fetcher)
        made.append(Feeder(services))
        ready.set()
        await made[0].run()
        await services.queue.close()

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    ready.wait(10)
    try:
        yield made[0]
    finally:
        loop.call_soon_threadsafe(made[0].stop.set)
        thread.join(20)
        loop.close()
