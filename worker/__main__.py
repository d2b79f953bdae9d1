"""Run a worker: `python -m worker`."""

import os
import socket
import sys
from uuid import uuid4

from likeness.contract.catalogue import Catalogue, load_catalogue
from likeness.contract.engines import EngineSpec
from likeness.contract.errors import LikenessError, NotReady, UnknownEngine
from likeness.contract.preferences import fitting_together
from likeness.contract.presets import load_presets
from likeness.local.threads import usable_cores, worker_environment
from likeness.observability.logs import log_as_json
from likeness.observability.setup import open_tracing
from likeness.queue.keys import queue_names
from likeness.storage.backends import StoreUrlError
from likeness.storage.pictures import PictureStore
from worker.config import Settings
from worker.metrics.installed import InstalledMetrics
from worker.observability.device_metrics import DeviceFigures
from worker.observability.log_filters import keep_quiet
from worker.observability.telemetry import Telemetry
from worker.queue.worker import BatchWorker
from worker.residency.device import device_memory
from worker.residency.engines import Residents
from worker.runs.context import Context
from worker.runs.safeguards import Safeguards
from worker.runs.turns import Turns


def main() -> None:
    """Load the engines to preload, then work until told to stop. Exits 2, saying why, when that cannot be."""
    os.environ.update(worker_environment(os.environ, usable_cores()))  # before anything imports torch, which reads it
    keep_quiet()
    settings = Settings()
    log_as_json(settings.log_level)
    try:
        serve(settings, load_catalogue(settings.catalogue))
    except (LikenessError, StoreUrlError) as error:
        sys.exit(f"likeness worker: {error}")


def serve(settings: Settings, catalogue: Catalogue) -> None:
    """Run one worker. Raises EngineFailed or NotReady when something it is set to load or use is missing."""
    residents = Residents.of(settings)
    missing = catalogue.missing([spec.name for spec in catalogue.engines if residents.has(spec)])
    pools = settings.pools or catalogue.pools_without(missing)
    residents.preload(_to_preload(settings, catalogue, pools, missing, residents.budget))
    name = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"
    telemetry = telemetry_of(settings, residents, catalogue, pools)
    try:
        context = Context(
            residents,
            PictureStore.open(settings.store_url),
            catalogue,
            InstalledMetrics(settings.models, residents.device),
            Safeguards.of(settings, residents.components),
            telemetry,
            settings.gates,
            load_presets(settings.presets),
            turns=Turns.within(device_memory("cpu")),
        )
        telemetry.registry.register(DeviceFigures(context.turns))
        BatchWorker(name, settings, context, pools).serve()
    finally:
        telemetry.close()


def telemetry_of(settings: Settings, residents: Residents, catalogue: Catalogue, pools: list[str]) -> Telemetry:
    """Return what the worker tells of its work, served where the settings say. Raises NotReady when it cannot be."""
    telemetry = Telemetry(open_tracing("likeness-worker"))
    engines = [spec.name for spec in catalogue.engines if spec.pool in pools]
    if settings.metrics_port is not None:
        host, port = settings.metrics_host, settings.metrics_port
        try:
            telemetry.serve(host, port, residents, engines, queue_names(pools))
        except OSError as error:
            raise NotReady(f"LIKENESS_METRICS_PORT: cannot listen on {host} port {port}: {error}") from error
    return telemetry


def _to_preload(
    settings: Settings, catalogue: Catalogue, pools: list[str], missing: set[str], budget: int
) -> list[EngineSpec]:
    """Return the engines of requests that name none, in the order of the preferences, as many as fit `budget`."""
    if settings.preload is not None:
        return [catalogue.find(name) for name in settings.preload]
    unknown = set(pools) - set(catalogue.pools)
    if unknown:
        raise UnknownEngine(f"no engine belongs to the pool {', '.join(sorted(unknown))}")
    absent = missing | {spec.name for spec in catalogue.engines if (spec.memory or 0) > budget}
    chosen = dict.fromkeys(spec.name for spec in catalogue.defaults(absent).values() if spec.pool in pools)
    return fitting_together([catalogue.find(name) for name in chosen], budget)


if __name__ == "__main__":
    main()
