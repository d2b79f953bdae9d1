"""How a service started here would find its queue and its store, as JSON: `python -m service.about`, for the doctor."""

import asyncio
import sys

from likeness.contract.about import ServiceAbout
from likeness.contract.catalogue import load_catalogue
from likeness.contract.errors import LikenessError
from likeness.storage.backends import StoreUrlError
from service.auth.keys import Keys, KeysError
from service.config import ConfigurationError, Settings, read_settings
from service.state import Services

NAMES = [f"LIKENESS_{name.upper()}" for name in Settings.model_fields]


def main() -> None:
    """Print it; nothing is written to the queue or the store."""
    sys.stdout.write(about().model_dump_json() + "\n")


def about() -> ServiceAbout:
    """Return how the service would find its surroundings, or why it could not start."""
    try:
        settings = read_settings()
        services = Services.of(settings, load_catalogue(settings.catalogue), Keys.load(settings.keys_file))
    except (ConfigurationError, KeysError, StoreUrlError, OSError, ValueError) as error:
        return ServiceAbout(problem=" ".join(str(error).split()), settings=NAMES)
    return asyncio.run(_asked(services))


async def _asked(services: Services) -> ServiceAbout:
    found = ServiceAbout(settings=NAMES, noncommercial=services.settings.noncommercial)
    try:
        found.workers = await services.queue.residency()
    except LikenessError as error:
        found.queue = error.detail
    try:
        await services.store.ping()
    except LikenessError as error:
        found.store = error.detail
    await services.queue.close()
    return found


if __name__ == "__main__":
    main()
