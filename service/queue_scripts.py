"""The steps of the queue that must happen as one, in Redis's own language (Lua)."""

from typing import Final

CLAIM_KEY: Final = """
-- KEYS: idempotency key. ARGV: fingerprint, seconds until an unfinished claim lapses.
-- Answers "" when claimed, else {fingerprint, job id or ""}.
local known = redis.call("HGET", KEYS[1], "fingerprint")
if known then
  return {known, redis.call("HGET", KEYS[1], "job") or ""}
end
redis.call("HSET", KEYS[1], "fingerprint", ARGV[1])
redis.call("EXPIRE", KEYS[1], ARGV[2])
return ""
"""

ACCEPT: Final = """
-- KEYS: job, queue, events, jobs of the owner, bell, expired mark [, idempotency key]
-- ARGV: id, bound, queued event, bell length, owner, oldest id kept, seconds of the mark, seconds of the key, fields...
-- Answers the jobs that wait before this one, or -waiting when the queue is full.
local waiting = redis.call("LLEN", KEYS[2])
if waiting >= tonumber(ARGV[2]) then
  return -waiting
end
redis.call("HSET", KEYS[1], unpack(ARGV, 9))
redis.call("SADD", "rq:queues", KEYS[2])
redis.call("XADD", KEYS[3], "*", "data", ARGV[3])
redis.call("ZADD", KEYS[4], 0, ARGV[1])
redis.call("ZREMRANGEBYLEX", KEYS[4], "-", "(" .. ARGV[6])
redis.call("SET", KEYS[6], ARGV[5], "EX", ARGV[7])
if KEYS[7] then
  redis.call("HSET", KEYS[7], "job", ARGV[1])
  redis.call("EXPIRE", KEYS[7], ARGV[8])
end
redis.call("RPUSH", KEYS[2], ARGV[1])
redis.call("LPUSH", KEYS[5], "1")
redis.call("LTRIM", KEYS[5], 0, tonumber(ARGV[4]) - 1)
return waiting
"""

CANCEL: Final = """
-- KEYS: job, events. ARGV: id, cancelled event, now as text, now in seconds, seconds an ended job is kept.
local status = redis.call("HGET", KEYS[1], "status")
if not status or status == "finished" or status == "failed" or status == "canceled" then
  return 0
end
local origin = redis.call("HGET", KEYS[1], "origin")
if redis.call("LREM", "rq:queue:" .. origin, 1, ARGV[1]) == 0 then
  redis.call("HSET", KEYS[1], "likeness_cancel", "1")
  return 1
end
redis.call("HSET", KEYS[1], "status", "canceled", "ended_at", ARGV[3])
redis.call("ZADD", "rq:canceled:" .. origin, ARGV[4], ARGV[1])
redis.call("XADD", KEYS[2], "*", "data", ARGV[2])
redis.call("EXPIRE", KEYS[1], ARGV[5])
redis.call("EXPIRE", KEYS[2], ARGV[5])
return 2
"""

FORGET: Final = """
-- KEYS: job, events, jobs of the owner. ARGV: id.
-- A running job's entry in RQ's started registry is taken too, so its worker finds that it has lost it.
local origin = redis.call("HGET", KEYS[1], "origin") or ""
redis.call("LREM", "rq:queue:" .. origin, 0, ARGV[1])
for _, registry in ipairs({"finished", "failed", "canceled"}) do
  redis.call("ZREM", "rq:" .. registry .. ":" .. origin, ARGV[1])
end
for _, entry in ipairs(redis.call("ZRANGE", "rq:wip:" .. origin, 0, -1)) do
  if string.sub(entry, 1, #ARGV[1]) == ARGV[1] then
    redis.call("ZREM", "rq:wip:" .. origin, entry)
  end
end
redis.call("ZREM", KEYS[3], ARGV[1])
redis.call("DEL", KEYS[1], KEYS[2], "rq:results:" .. ARGV[1], "rq:executions:" .. ARGV[1])
return 1
"""
