"""Jobs that calls of other APIs wait for, on a real server."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import redis.asyncio as redis
from redis.asyncio.connection import AbstractConnection

from likeness.contract.tasks import Recreate
from likeness.queue import keys
from service.app import create_app
from service.compat.waiting import Asked, held
from service.jobs.submission import Submission, Upload
from service.queue.awaited import Awaited, AwaitedJob
from tests.conftest import Server
from tests.service.conftest import Stack, png


def test_a_job_that_was_left_is_answered_again_until_it_was_stopped(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the process that was to stop it died: else it would be made for nobody."""
    monkeypatch.setattr("service.queue.awaited.STOP_SECONDS", 1)
    job = AwaitedJob("openai", "shop", "a" * 32)

    async def leave() -> None:
        async with redis.Redis(unix_socket_path=str(server.socket), protocol=2) as client:
            awaited = Awaited(client)
            await awaited.hold(job, 0)
            assert await awaited.left() == [job]
            assert await awaited.left() == [], "another process has it"
            async with asyncio.timeout(20):
                while not (again := await awaited.left()):
                    await asyncio.sleep(0.05)
            assert again == [job]
            await awaited.release(job)
            assert await awaited.by("openai", "shop") == []

    asyncio.run(leave())


def test_a_hold_lasts_as_long_as_it_says(server: Server) -> None:
    """Redis's clock in whole seconds took up to one of them away, which is much of a short hold."""
    job = AwaitedJob("openai", "shop", "a" * 32)

    async def hold() -> None:
        async with redis.Redis(unix_socket_path=str(server.socket), protocol=2) as client:
            for _ in range(3):
                seconds, millionths = await client.time()
                await Awaited(client).hold(job, 2)
                until = await client.zscore(keys.AWAITED_KEY, job.member)
                assert until >= seconds + millionths / 1e6 + 2
                await asyncio.sleep(0.3)

    asyncio.run(hold())


@contextmanager
def after_a_write(then: Callable[[], None]) -> Iterator[None]:
    """Call `then` just after a command was written to Redis: Python 3.11 loses a cancellation that comes there."""
    write = AbstractConnection._send_packed_command

    async def written(connection: AbstractConnection, command: list[bytes]) -> None:
        await write(connection, command)
        then()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AbstractConnection, "_send_packed_command", written)
        yield


def running(name: str) -> list[asyncio.Task[object]]:
    return [task for task in asyncio.all_tasks() if task.get_coro().__name__ == name]


def test_nobody_keeps_a_job_any_more_whose_caller_left_as_it_was_being_kept(stack: Stack) -> None:
    app = create_app(stack.settings(4, left_seconds=1))
    submission = Submission(Recreate(), Upload(png(), "a.png", "image/png"), {})

    async def leave() -> None:
        kept = asyncio.Event()
        async with held(app.state.services, Asked("local", "openai", submission, {})):
            keeping = running("keep")
            with after_a_write(kept.set):
                await kept.wait()
        ended, _ = await asyncio.wait(keeping, timeout=20)
        assert ended
        await app.state.services.queue.close()

    asyncio.run(leave())


def test_a_service_ends_that_is_told_to_as_it_looks_for_jobs_that_were_left(stack: Stack) -> None:
    app = create_app(stack.settings(4, left_seconds=1))

    async def serve() -> None:
        looked = asyncio.Event()
        async with app.router.lifespan_context(app):
            with after_a_write(looked.set):
                await looked.wait()

    async def stop() -> None:
        ended, _ = await asyncio.wait([serving := asyncio.create_task(serve())], timeout=20)
        assert ended
        await serving

    asyncio.run(stop())
