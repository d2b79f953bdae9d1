"""Which jobs somebody waits for through an API that answers with the images, and which of them everybody left.

Such a caller has no id to come back with, so a job nobody waits for any more would be made for nobody.
"""

from dataclasses import dataclass
from typing import Any, Final

from likeness.queue import keys
from service.queue.admission import translated

NOW: Final = """
local clock = redis.call("TIME")
local now = clock[1] + clock[2] / 1000000
"""
"""In seconds, none of them lost: a hold is short where few seconds are left to come back in."""
HOLD: Final = (
    NOW
    + """
-- KEYS: the awaited. ARGV: member, seconds from now, 1 where only one that is awaited already is to be so for longer.
if ARGV[3] == "0" or redis.call("ZSCORE", KEYS[1], ARGV[1]) then
  redis.call("ZADD", KEYS[1], now + ARGV[2], ARGV[1])
end
"""
)
LAPSED: Final = (
    NOW
    + """
-- KEYS: the awaited. ARGV: seconds until they are answered again, should who asked not have released them by then.
-- Answers the members whose time is over.
local gone = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", now, "LIMIT", 0, 100)
for _, member in ipairs(gone) do
  redis.call("ZADD", KEYS[1], now + ARGV[1], member)
end
return gone
"""
)
STOP_SECONDS: Final = 10
"""A process that died while it stopped jobs that everybody left leaves them to be stopped so much later."""
KEEP_KEY: Final = """
-- KEYS: idempotency key. ARGV: job id, seconds. A key that stands for another job by now is left alone.
if redis.call("HGET", KEYS[1], "job") == ARGV[1] then
  redis.call("EXPIRE", KEYS[1], ARGV[2])
end
"""


@dataclass(frozen=True)
class AwaitedJob:
    """A job that a call of another API waits for."""

    api: str
    owner: str
    job_id: str

    @property
    def member(self) -> str:
        """How it stands in the sorted set; no part has a colon."""
        return f"{self.api}:{self.owner}:{self.job_id}"

    @classmethod
    def of(cls, member: str) -> "AwaitedJob":
        """Return what `member` stands for."""
        return cls(*member.split(":"))


class Awaited:
    """The awaited jobs of all services on one Redis. Its methods raise QueueUnavailable when Redis does not respond."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401  as in JobQueue
        self._redis = connection

    async def hold(self, job: AwaitedJob, seconds: int, *, only_longer: bool = False) -> None:
        """Say that somebody waits for a job, and may be gone for so many seconds before it counts as left.

        With `only_longer` a job that nobody waits for stays so, and never counts as left.
        """
        async with translated():
            await self._redis.eval(HOLD, 1, keys.AWAITED_KEY, job.member, seconds, int(only_longer))

    async def release(self, job: AwaitedJob) -> None:
        """Say that nobody needs to wait any more: the job has ended."""
        async with translated():
            await self._redis.zrem(keys.AWAITED_KEY, job.member)

    async def by(self, api: str, owner: str) -> list[str]:
        """Return the ids of the jobs that are awaited through an API for one owner, oldest first."""
        async with translated():
            found = [AwaitedJob.of(member.decode()) for member in await self._redis.zrange(keys.AWAITED_KEY, 0, -1)]
        return sorted(job.job_id for job in found if (job.api, job.owner) == (api, owner))

    async def left(self) -> list[AwaitedJob]:
        """Return the jobs that everybody left, each one once in STOP_SECONDS until it is released."""
        async with translated():
            found = await self._redis.eval(LAPSED, 1, keys.AWAITED_KEY, STOP_SECONDS)
        return [AwaitedJob.of(member.decode()) for member in found]

    async def keep_key(self, owner: str, key: str, job_id: str, seconds: int) -> None:
        """Let an idempotency key stand for its job so many seconds from now."""
        name = keys.IDEMPOTENCY_KEY.format(owner=owner, key=key)
        async with translated():
            await self._redis.eval(KEEP_KEY, 1, name, job_id, seconds)
