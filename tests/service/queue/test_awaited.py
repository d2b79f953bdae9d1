"""Jobs that calls of other APIs wait for, on a real server."""

import asyncio

import pytest
import redis.asyncio as redis

from service.queue.awaited import Awaited, AwaitedJob
from tests.conftest import Server


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
