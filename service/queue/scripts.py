"""The steps of the queue that must happen as one, in Redis's own language (Lua)."""

from typing import Final

from likeness.queue.fair_queue import FAIR_QUEUE
from likeness.queue.listing import LISTING
from likeness.queue.outbox import OUTBOX

CLAIM_KEY: Final = """
-- KEYS: idempotency key. ARGV: fingerprint, seconds until an unfinished claim expires, token of the claim.
-- Answers "" when claimed, also when this claim was made before and its answer lost; else {fingerprint, job id or ""}.
local known = redis.call("HGET", KEYS[1], "fingerprint")
local job = redis.call("HGET", KEYS[1], "job")
if known and (job or redis.call("HGET", KEYS[1], "token") ~= ARGV[3]) then
  return {known, job or ""}
end
redis.call("HSET", KEYS[1], "fingerprint", ARGV[1], "token", ARGV[3])
redis.call("EXPIRE", KEYS[1], ARGV[2])
return ""
"""

RELEASE_CLAIM: Final = """
-- KEYS: idempotency key. ARGV: token of the claim. A key that another request claimed meanwhile is left alone.
if redis.call("HGET", KEYS[1], "token") == ARGV[1] and redis.call("HEXISTS", KEYS[1], "job") == 0 then
  redis.call("DEL", KEYS[1])
end
return 1
"""

WAITING: Final = """
-- How many jobs wait in a queue, throttled ones included.
local function waiting(queue)
  local count = redis.call("LLEN", queue)
  for _, holder in ipairs(redis.call("SMEMBERS", throttled_owners_key(queue))) do
    count = count + redis.call("ZCARD", throttled_key(queue, holder))
  end
  return count
end
-- The same of one owner. What RQ's tools took away counts no more, but for what lies between jobs that wait: to look
-- at each of them would make refusing dear.
local function own(queue, owner)
  local count = 0
  for _, key in ipairs({waiting_key(queue, owner), throttled_key(queue, owner)}) do
    local first = redis.call("ZRANGE", key, 0, 0)[1]
    while first and redis.call("HGET", job_key(first), "status") ~= "queued" do
      redis.call("ZREM", key, first)
      first = redis.call("ZRANGE", key, 0, 0)[1]
    end
    count = count + redis.call("ZCARD", key)
  end
  return count
end
-- Why a job is refused, with the number that is too large, or nil.
local function refusal(queue, owner, usage, most, share, quota)
  local used = tonumber(redis.call("HGET", usage, "accepted") or "0")
  if quota >= 0 and used >= quota then
    return {"quota", used}
  end
  local count = waiting(queue)
  local mine = share >= 0 and own(queue, owner) or 0
  if share >= 0 and mine >= share then
    return {"share", mine}
  end
  if count >= most and not (share >= 0 and most > 0 and mine == 0) then
    return {"full", count}
  end
end
"""

ROOM: Final = (
    FAIR_QUEUE
    + WAITING
    + """
-- KEYS: queue, usage of today. ARGV: owner, most waiting, most of one owner, most a day; -1 is no bound.
-- Answers why a job would be refused now, with the number that is too large; else {"room", 0}.
return refusal(KEYS[1], ARGV[1], KEYS[2], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])) or {"room", 0}
"""
)

PLACE: Final = (
    FAIR_QUEUE
    + """
-- KEYS: queue. ARGV: owner. Answers how many jobs the owner's next one would find before it.
return place_of(KEYS[1], next_virtual_start(KEYS[1], ARGV[1]))
"""
)

ACCEPT: Final = (
    OUTBOX
    + LISTING
    + FAIR_QUEUE
    + WAITING
    + """
-- KEYS: job, queue, events, wake-up key, expired mark, usage of today [, idempotency key]
-- ARGV: id, owner, queued event, bounds and lifetimes as JSON, then the job's fields and values.
-- Answers {"queued", jobs before this one}, or as above why it is refused, or {"claimed", 0} where the claim on the
-- idempotency key lapsed and another request has it. Sent again, as by a client whose answer was lost, it does nothing.
local id, owner, queue, set = ARGV[1], ARGV[2], KEYS[2], cjson.decode(ARGV[4])
if redis.call("EXISTS", KEYS[5]) == 1 then
  return {"queued", redis.call("LPOS", queue, id) or 0}
end
local claim = KEYS[7] and redis.call("HMGET", KEYS[7], "token", "job")
if claim and (claim[2] or claim[1] and claim[1] ~= set.token) then
  return {"claimed", 0}
end
local refused = refusal(queue, owner, KEYS[6], set.most, set.share, set.quota)
if refused then
  return refused
end
redis.call("HSET", KEYS[1], unpack(ARGV, 5))
await_end(KEYS[1], id)
redis.call("SADD", QUEUES, queue)
redis.call("XADD", KEYS[3], "*", "data", ARGV[3])
for _, list in ipairs(set.lists) do
  list_job(list, id, set.oldest, set.mark_seconds)
end
redis.call("SET", KEYS[5], owner, "EX", set.mark_seconds)
redis.call("HINCRBY", KEYS[6], "accepted", 1)
redis.call("EXPIRE", KEYS[6], set.usage_seconds)
if KEYS[7] then
  redis.call("HSET", KEYS[7], "fingerprint", set.fingerprint, "token", set.token, "job", id)
  redis.call("EXPIRE", KEYS[7], set.key_seconds)
end
if set.concurrency >= 0 then
  redis.call("HSET", CONCURRENCY, owner, set.concurrency)
else
  redis.call("HDEL", CONCURRENCY, owner)
end
if set.concurrency < 0 and redis.call("EXISTS", throttled_key(queue, owner)) == 0 then
  local place = insert(queue, id, owner)
  redis.call("LPUSH", KEYS[4], "1")
  redis.call("LTRIM", KEYS[4], 0, set.wake_up_length - 1)
  return {"queued", place}
end
throttle(queue, id, owner)
let_in(queue, owner)
local before = redis.call("ZRANK", throttled_key(queue, owner), id)
return {"queued", before and before + redis.call("ZCARD", waiting_key(queue, owner)) or redis.call("LPOS", queue, id)}
"""
)

CANCEL: Final = (
    OUTBOX
    + FAIR_QUEUE
    + """
-- KEYS: job, events, usage of today, counts of all jobs. ARGV: id, cancelled event, now as text, now in seconds,
-- seconds an ended job is kept, seconds usage is kept, name of the count.
local status = redis.call("HGET", KEYS[1], "status")
if not status or status == "finished" or status == "failed" or status == "canceled" then
  return 0
end
local origin = redis.call("HGET", KEYS[1], "origin")
if not drop(queue_key(origin), ARGV[1]) then
  redis.call("HSET", KEYS[1], CANCEL, "1")
  return 1
end
redis.call("HSET", KEYS[1], "status", "canceled", "ended_at", ARGV[3])
redis.call("ZADD", "rq:canceled:" .. origin, ARGV[4], ARGV[1])
redis.call("XADD", KEYS[2], "*", "data", ARGV[2])
redis.call("EXPIRE", KEYS[1], ARGV[5])
redis.call("EXPIRE", KEYS[2], ARGV[5])
tell_end(KEYS[1], ARGV[1])
redis.call("HINCRBY", KEYS[3], "cancelled", 1)
redis.call("EXPIRE", KEYS[3], ARGV[6])
redis.call("HINCRBY", KEYS[4], ARGV[7], 1)
let_in_everywhere(owner_of(ARGV[1]))
return 2
"""
)

FORGET: Final = (
    OUTBOX
    + FAIR_QUEUE
    + """
-- KEYS: job, events, usage of today, then the lists that the job may be in. ARGV: id, owner, seconds usage is kept.
-- A running job's entry in RQ's started registry is taken too, so its worker finds that it has lost it.
local found = redis.call("HMGET", KEYS[1], "origin", "status")
local origin = found[1] or ""
drop(queue_key(origin), ARGV[1])
if found[2] == "queued" or found[2] == "started" then
  redis.call("HINCRBY", KEYS[3], "cancelled", 1)
  redis.call("EXPIRE", KEYS[3], ARGV[3])
end
for _, registry in ipairs({"finished", "failed", "canceled"}) do
  redis.call("ZREM", "rq:" .. registry .. ":" .. origin, ARGV[1])
end
for _, entry in ipairs(redis.call("ZRANGE", "rq:wip:" .. origin, 0, -1)) do
  if string.sub(entry, 1, #ARGV[1]) == ARGV[1] then
    redis.call("ZREM", "rq:wip:" .. origin, entry)
  end
end
for i = 4, #KEYS do
  redis.call("ZREM", KEYS[i], ARGV[1])
end
redis.call("DEL", KEYS[1], KEYS[2], "rq:results:" .. ARGV[1], "rq:executions:" .. ARGV[1])
forget_end(ARGV[1])
redis.call("SREM", running_key(ARGV[2]), ARGV[1])
let_in_everywhere(ARGV[2])
return 1
"""
)
