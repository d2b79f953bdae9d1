"""A feeder in a thread of the test's process, on the Redis and the store of a live service."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from service.config import Settings
from service.feeder.__main__ import services_of
from service.feeder.feeder import Feeder


@contextmanager
def feeding(settings: Settings) -> Iterator[Feeder]:
    """Run a feeder; it is stopped at the end as SIGTERM stops it."""
    ready, made = threading.Event(), list[Feeder]()

    async def run() -> None:
        services = services_of(settings)
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
