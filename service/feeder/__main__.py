"""Feed batches until SIGTERM or SIGINT: `python -m service.feeder`."""

import asyncio
import signal
import sys
from dataclasses import replace

import structlog

from likeness.contract.catalogue import load_catalogue
from likeness.observability.logs import log_as_json
from service.auth.keys import Keys, KeysError
from service.config import ConfigurationError, Settings, read_settings
from service.feeder.feeder import Feeder
from service.queue.jobs import JobQueue
from service.state import Services

log = structlog.get_logger()


def main() -> None:
    """Run until stopped. Exits with one sentence when it cannot start."""
    try:
        settings = read_settings()
        log_as_json(settings.log_level)
        asyncio.run(_feed(services_of(settings)))
    except (ConfigurationError, KeysError, OSError, ValueError) as error:
        sys.exit(f"likeness feeder: {' '.join(str(error).split())}")


def services_of(settings: Settings) -> Services:
    """Return what the feeder works with: the service's own, but jobs last until their batch has their results."""
    made = Services.of(settings, load_catalogue(settings.catalogue), Keys.load(settings.keys_file))
    queue = JobQueue.connect(
        settings.redis_url, max_queued=settings.max_queued, lifetime=settings.batch_lifetime, share=settings.share
    )
    return replace(made, queue=queue)


async def _feed(services: Services) -> None:
    feeder = Feeder(services)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, feeder.stop.set)
    log.info("feeding batches", window=services.settings.batch_window)
    try:
        await feeder.run()
    finally:
        await services.queue.close()


if __name__ == "__main__":
    main()
