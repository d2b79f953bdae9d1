"""The outbox as the process that delivers webhooks sees it: what is due, claims on it, and what became of it.

An end is claimed by moving the time to look at it next on by a lease: whoever dies while delivering leaves it to be
claimed again. Only who holds the claim may settle it.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import redis.asyncio as redis
import structlog

from likeness.contract.deliveries import WebhookLog
from likeness.contract.jobs import Job
from likeness.queue import keys
from likeness.queue.outbox import OUTBOX
from service.queue.admission import translated
from service.queue.job_hash import job_of

log = structlog.get_logger()

READ_SECONDS: Final = 5.0
"""Longest wait for an answer from Redis."""
SHORTEST_WAIT: Final = 0.01
"""Seconds; to Redis 0 is for ever."""
URL: Final = keys.FIELD_WEBHOOK.encode()
OWNER: Final = keys.FIELD_OWNER.encode()
LOG: Final = keys.FIELD_DELIVERIES.encode()

TAKE: Final = (
    OUTBOX
    + """
-- KEYS: due. ARGV: most to take, lease in ms, claim, ms until a job that has not ended is looked at again.
-- Claims the ends that are due and answers for each {id, field, value, ...}. A job that is gone without an end to be
-- told is dropped, and answered with its id alone.
local found, now = {}, now_ms()
local ended = {finished = true, failed = true, canceled = true, stopped = true}
for _, id in ipairs(redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", now, "LIMIT", 0, ARGV[1])) do
  local job, record = """
    + keys.in_lua(keys.JOB_KEY)
    + """, record_key(id)
  local status = redis.call("HGET", job, "status")
  if ended[status] then
    tell_end(job, id)
  end
  if redis.call("EXISTS", record) == 1 then
    redis.call("HSET", record, "claim", ARGV[3])
    redis.call("ZADD", KEYS[1], now + ARGV[2], id)
    table.insert(found, {id, unpack(redis.call("HGETALL", record))})
  elseif status then
    redis.call("ZADD", KEYS[1], now + ARGV[4], id)
  else
    redis.call("ZREM", KEYS[1], id)
    table.insert(found, {id})
  end
end
return found
"""
)

SETTLE: Final = f"""
-- KEYS: due, end to be told, job, counts. ARGV: id, claim, log, outcome, ms until the next try or "", seconds it is
-- kept, then the fields it is kept as.
-- Answers 0 when the claim is lost: the job was erased, or the lease is over and another process has it.
if redis.call("HGET", KEYS[2], "claim") ~= ARGV[2] then
  return 0
end
if redis.call("EXISTS", KEYS[3]) == 1 then
  redis.call("HSET", KEYS[3], "{keys.FIELD_DELIVERIES}", ARGV[3])
end
redis.call("HINCRBY", KEYS[4], ARGV[4], 1)
redis.call("DEL", KEYS[2])
if ARGV[5] == "" then
  redis.call("ZREM", KEYS[1], ARGV[1])
else
  local clock = redis.call("TIME")
  redis.call("HSET", KEYS[2], unpack(ARGV, 7))
  redis.call("EXPIRE", KEYS[2], ARGV[6])
  redis.call("ZADD", KEYS[1], clock[1] * 1000 + math.floor(clock[2] / 1000) + ARGV[5], ARGV[1])
end
return 1
"""

POSTPONE: Final = """
-- KEYS: due, end to be told. ARGV: id, claim, ms.
if redis.call("HGET", KEYS[2], "claim") == ARGV[2] then
  local clock = redis.call("TIME")
  redis.call("ZADD", KEYS[1], clock[1] * 1000 + math.floor(clock[2] / 1000) + ARGV[3], ARGV[1])
end
return 1
"""


@dataclass(frozen=True)
class Due:
    """A webhook that is due now, and is ours until the lease is over."""

    job_id: str
    claim: str
    url: str
    owner: str
    log: WebhookLog
    body: bytes
    """Empty until a try failed."""
    job: Job | None
    """Until a body is kept."""

    @classmethod
    def of(cls, job_id: str, claim: str, fields: Mapping[bytes, bytes]) -> "Due":
        """Return what the outbox keeps under this id."""
        body, log = fields.get(b"body", b""), fields.get(LOG)
        return cls(
            job_id=job_id,
            claim=claim,
            url=fields[URL].decode(),
            owner=fields[OWNER].decode(),
            log=WebhookLog.model_validate_json(log, extra="ignore") if log else WebhookLog(),
            body=body,
            job=None if body else job_of(dict(fields)),
        )


@dataclass(frozen=True)
class Settled:
    """The outcome of an attempt: how it counts, the new log, and the seconds until the next attempt, if any."""

    outcome: str
    log: WebhookLog
    again: float | None


class Outbox:
    """What is to be told to whom. Every method raises QueueUnavailable when Redis does not respond."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401  redis-py types answers as unions over protocols
        self._redis = connection

    @classmethod
    def connect(cls, redis_url: str) -> "Outbox":
        """Return the outbox on `redis_url`; the connection is made on first use."""
        bounds = {"socket_connect_timeout": READ_SECONDS, "socket_timeout": READ_SECONDS, "timeout": READ_SECONDS}
        pool = redis.BlockingConnectionPool.from_url(redis_url, protocol=2, max_connections=16, **bounds)
        return cls(redis.Redis.from_pool(pool))

    async def close(self) -> None:
        """Close every connection."""
        await self._redis.aclose()

    async def take(self, most: int, lease: float) -> tuple[list[Due], list[str]]:
        """Claim up to `most` ends for `lease` seconds; return them, and the ids of those that are gone untold."""
        claim = secrets.token_hex(8)
        args = [most, int(lease * 1000), claim, keys.WEBHOOK_LOOK_SECONDS * 1000]
        async with translated("Redis does not respond", retry_after=1):
            found = await self._redis.eval(TAKE, 1, keys.WEBHOOKS_DUE_KEY, *args)
        due, gone = [], []
        for job_id, *flat in found:
            fields = dict(zip(flat[::2], flat[1::2], strict=True))
            if not fields:
                gone.append(job_id.decode())
            elif readable := _readable(job_id.decode(), claim, fields):
                due.append(readable)
        return due, gone

    async def wait(self, seconds: float) -> None:
        """Return when a job with a webhook ends or the next try is due, at the latest after `seconds`."""
        async with translated("Redis does not respond", retry_after=1):
            clock = await self._redis.time()
            first = await self._redis.zrange(keys.WEBHOOKS_DUE_KEY, 0, 0, withscores=True)
            left = first[0][1] / 1000 - clock[0] - clock[1] / 1e6 if first else seconds
            await self._redis.blpop([keys.WEBHOOKS_WAKE_UP_KEY], timeout=min(seconds, max(left, SHORTEST_WAIT)))

    async def settle(self, due: Due, body: bytes, settled: Settled) -> bool:
        """Write down what became of a try; return whether the end was still ours."""
        log = settled.log.model_dump_json()
        kept = {keys.FIELD_WEBHOOK: due.url, keys.FIELD_OWNER: due.owner, keys.FIELD_DELIVERIES: log, "body": body}
        again = "" if settled.again is None else int(settled.again * 1000)
        args = [due.job_id, due.claim, log, settled.outcome, again, keys.WEBHOOK_SECONDS]
        redis_keys = [keys.WEBHOOKS_DUE_KEY, keys.WEBHOOK_KEY.format(id=due.job_id)]
        redis_keys += [keys.JOB_KEY.format(id=due.job_id), keys.WEBHOOK_COUNTS_KEY]
        async with translated("Redis does not respond", retry_after=1):
            done = await self._redis.eval(SETTLE, len(redis_keys), *redis_keys, *args, *sum(kept.items(), ()))
        return bool(done)

    async def postpone(self, due: Due, seconds: float) -> None:
        """Give a claim back, to be taken again after so many seconds."""
        redis_keys = [keys.WEBHOOKS_DUE_KEY, keys.WEBHOOK_KEY.format(id=due.job_id)]
        async with translated("Redis does not respond", retry_after=1):
            await self._redis.eval(POSTPONE, len(redis_keys), *redis_keys, due.job_id, due.claim, int(seconds * 1000))

    async def disable(self, owner: str, url: str) -> None:
        """Deliver no webhook of this key to this URL for a day: its receiver is gone."""
        async with translated("Redis does not respond", retry_after=1):
            await self._redis.set(_gone_key(owner, url), "1", ex=keys.WEBHOOK_GONE_SECONDS)

    async def disabled(self, owner: str, url: str) -> bool:
        """Return whether the receiver recently answered that it is gone."""
        async with translated("Redis does not respond", retry_after=1):
            return bool(await self._redis.exists(_gone_key(owner, url)))


def _readable(job_id: str, claim: str, fields: Mapping[bytes, bytes]) -> Due | None:
    """Return an end, or None when it was written by a version of which this one cannot read it; it stays for others."""
    try:
        return Due.of(job_id, claim, fields)
    except (ValueError, KeyError):
        log.exception("a webhook to deliver cannot be read", job=job_id)
        return None


def _gone_key(owner: str, url: str) -> str:
    return keys.WEBHOOK_GONE_KEY.format(digest=sha256(f"{owner}\n{url}".encode()).hexdigest())
