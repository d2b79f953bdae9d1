"""The app: settings in, routes and limits put together, run by uvicorn."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, cast

import uvicorn
from anyio import to_thread
from fastapi import FastAPI

from likeness import __version__
from likeness.contract.catalogue import load_catalogue
from likeness.observability.logs import log_as_json
from likeness.observability.setup import open_tracing
from service.auth.keys import Keys, KeysError
from service.auth.local_only import LocalGuard
from service.batches.retention import keep_erasing_batches
from service.compat.a1111 import routes as a1111
from service.compat.errors import shape_of
from service.compat.openai import routes as openai
from service.compat.openai.aliases import check_aliases
from service.compat.replicate import routes as replicate
from service.compat.waiting import keep_cancelling
from service.config import ConfigurationError, Settings, read_settings
from service.description import describe
from service.http import problems
from service.http.body_limits import BodyBounds
from service.http.connections import BoundedConnection, ConnectionBounds
from service.http.crowded import Crowded
from service.http.memory import Memory
from service.http.method_and_path import MethodAndPath
from service.http.request_context import RequestContext
from service.http.submitting import SubmittingRoutes
from service.jobs.retention import keep_erasing_expired
from service.routes import (
    batch_results,
    batches,
    console,
    engines,
    events,
    health,
    images,
    input,
    jobs,
    matte,
    packshots,
    preview,
    recipes,
    report,
    requests,
    review_links,
    reviews,
    sheet,
    thumbnail,
    uploads,
    usage,
)
from service.state import Services

RESOURCES: Final = (
    *(requests, packshots, recipes, jobs, reviews, review_links, events),
    *(preview, input, images, thumbnail, matte, report),
    *(sheet, batches, batch_results, uploads, engines, usage, health),
    *(openai, a1111, replicate, console),
)
STOP_SECONDS: Final = 5
"""How long open requests may go on after SIGTERM."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the app. Raises ConfigurationError when it would be open to everyone, or a file cannot be read."""
    settings = settings or read_settings()
    try:
        keys, catalogue = Keys.load(settings.keys_file), load_catalogue(settings.catalogue)
        check_aliases(settings.openai_models, catalogue)
        services = Services.of(settings, catalogue, keys)
    except (KeysError, OSError, ValueError) as error:
        raise ConfigurationError(_one_line(error)) from error
    if not (settings.loopback or keys.required):
        raise ConfigurationError(
            f"listening on {settings.host} needs API keys: make one with `likeness keys create NAME` and "
            "name its file in LIKENESS_KEYS_FILE, or listen on 127.0.0.1"
        )
    return _assemble(services)


def _assemble(services: Services) -> FastAPI:
    settings, tracing = services.settings, open_tracing("likeness-service")
    app = FastAPI(
        title="Likeness",
        version=__version__,
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.services, app.state.tracing = services, tracing
    app.state.shape_of = shape_of
    app.state.routes = [route for resource in RESOURCES for route in resource.router.routes]
    problems.install(app)
    for resource in RESOURCES:
        app.include_router(resource.router)
    describe(app)
    # The last one added is the first to see a request.
    app.add_middleware(
        BodyBounds,
        submitting=SubmittingRoutes(app.state.routes),
        max_picture=settings.max_upload_bytes,
        max_rows=settings.max_batch_bytes,
        seconds=settings.body_seconds,
        memory=Memory(settings.max_upload_memory, settings.memory_share),
    )
    app.add_middleware(LocalGuard, keys=services.keys)
    app.add_middleware(MethodAndPath)
    app.add_middleware(Crowded)
    app.add_middleware(RequestContext, metrics=services.metrics, tracing=tracing)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    settings = services.settings
    tasks = [
        asyncio.create_task(
            keep_erasing_expired(services.store, services.queue, settings.lifetime, settings.sweep_seconds)
        ),
        asyncio.create_task(keep_erasing_batches(services)),
        asyncio.create_task(keep_cancelling(services)),
    ]
    try:
        yield
    finally:
        for task in tasks:
            await _end(task)
        await services.queue.close()
        await to_thread.run_sync(app.state.tracing.close)


async def _end(task: asyncio.Task[None]) -> None:
    """Cancel a task until it ends: in redis-py Python 3.11 loses a cancellation that comes as a write is done."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=1)


def app() -> FastAPI:
    """Return the app for `uvicorn --factory service.app:app`. Exits with one sentence when it cannot start."""
    try:
        settings = read_settings()
        log_as_json(settings.log_level)
        logging.getLogger("uvicorn.error").setLevel(settings.log_level.upper())
        logging.getLogger("python_multipart").setLevel(logging.ERROR)  # it warns of each malformed body
        return create_app(settings)
    except ConfigurationError as error:
        sys.exit(f"likeness service: {error}")


def main() -> None:
    """Run the service until SIGTERM or SIGINT."""
    made = app()
    settings: Settings = made.state.services.settings
    uvicorn.Server(server_config(made, settings.host, settings.port)).run()


def server_config(app: FastAPI, host: str, port: int) -> uvicorn.Config:
    """Return how uvicorn serves the app: with bounded connections."""
    settings: Settings = app.state.services.settings
    protocol = partial(BoundedConnection, bounds=bounds_of(settings))
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=cast(type[asyncio.Protocol], protocol),
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


def bounds_of(settings: Settings) -> ConnectionBounds:
    """Return what callers may take of their connections."""
    return ConnectionBounds.of(settings.max_connections)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
