"""Deliver webhooks until SIGTERM or SIGINT: `python -m service.webhooks`."""

import asyncio
import signal
import sys

import structlog

from likeness.contract.catalogue import load_catalogue
from likeness.observability.logs import log_as_json
from service.auth.keys import Keys, KeysError
from service.config import ConfigurationError, Settings, read_settings
from service.webhooks.deliverer import Deliverer
from service.webhooks.outbox import Outbox

log = structlog.get_logger()


def main() -> None:
    """Run until stopped. Exits with one sentence when it cannot start."""
    try:
        settings = read_settings()
        log_as_json(settings.log_level)
        asyncio.run(_deliver(settings))
    except (ConfigurationError, KeysError, OSError, ValueError) as error:
        sys.exit(f"likeness webhooks: {' '.join(str(error).split())}")


async def _deliver(settings: Settings) -> None:
    outbox, keys = Outbox.connect(settings.redis_url), Keys.load(settings.keys_file)
    deliverer = Deliverer(outbox, settings, keys, load_catalogue(settings.catalogue))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, deliverer.stop.set)
    log.info("delivering webhooks", retries=settings.webhook_retries)
    if settings.webhook_private:
        log.warning(
            "LIKENESS_WEBHOOK_PRIVATE is on: anyone who may submit jobs can make this machine call private addresses"
        )
    try:
        await deliverer.run()
    finally:
        await outbox.close()


if __name__ == "__main__":
    main()
