"""The steps of taking and holding jobs that must happen as one, in Redis's own language (Lua)."""

from typing import Final

from likeness.queue import keys
from likeness.queue.fair_queue import FAIR_QUEUE
from likeness.queue.listing import LISTING
from likeness.queue.outbox import OUTBOX

LOOK_AHEAD: Final = 64
"""How deep in a queue a job, or others for its run, are looked for."""

_MAY_TAKE: Final = (
    FAIR_QUEUE
    + """
-- KEYS: queues in order, then a wake-up key for each. ARGV: how deep to look, ms jobs are left to others, ms after
-- which a batch job goes first (-1: none does), engines left to others.
local clock = redis.call("TIME")
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local depth, patience, aged = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local others, left = {}, {}
for i = 4, #ARGV do
  others[ARGV[i]] = true
end
local function may_run(owner)
  left[owner] = left[owner] or free_places(owner)
  return left[owner] > 0
end
local function passed_over(id)
  local job = job_key(id)
  local key = redis.call("HGET", job, BATCH_KEY)
  if not key or not others[string.match(key, "^[^:]*")] then
    return false
  end
  redis.call("HSETNX", job, PASSED, string.format("%d", now))
  return now - tonumber(redis.call("HGET", job, PASSED)) < patience
end
local function wake_others(wake_up_key)
  if redis.call("LLEN", wake_up_key) == 0 then
    redis.call("LPUSH", wake_up_key, "1")
  end
end
"""
)

TAKE: Final = (
    _MAY_TAKE
    + """
-- Moves the first job there is into its queue's intermediate list. Jobs of keys that run as many as they may are
-- throttled. They come in as jobs end; should that have been missed, it happens here, of a few keys at a time: to look
-- at all would make taking dear. Jobs of engines that only other workers hold are passed over for a time, and the
-- wake-up key is pushed on for those.
-- What is passed over is never overtaken from a queue of another priority, but by a batch job that waited so long.
-- Answers {queue, id, the job's fields and values, "overdue" if it is such a job}; else how many jobs were passed over.
-- Takes the first job that may be taken. Answers its id, else how many were passed over.
local function take_first(queue)
  local passed, throttled = 0, 0
  local head = redis.call("LINDEX", queue, 0) -- nearly always it: to read all that may be looked at takes as long again
  if head and may_run(owner_of(head)) and not passed_over(head) then
    take(queue, head, owner_of(head))
    return head, 0
  end
  for _, id in ipairs(head and redis.call("LRANGE", queue, 0, depth - 1) or {}) do
    local owner = owner_of(id)
    if not may_run(owner) then
      drop(queue, id)
      throttle(queue, id, owner)
      throttled = throttled + 1
    elseif passed_over(id) then
      passed = passed + 1
    else
      take(queue, id, owner)
      return id, passed
    end
  end
  if throttled > 0 then
    return take_first(queue)
  end
  return nil, passed
end
local function overdue(queue)
  local head = redis.call("LINDEX", queue, 0)
  local made = head and tonumber(string.sub(head, 1, 12), 16)
  return aged >= 0 and string.match(queue, "[^-]*$") == "batch" and made and now - made > aged
end
for i = 1, #KEYS / 2 do
  for _, owner in ipairs(redis.call("SRANDMEMBER", throttled_owners_key(KEYS[i]), 64)) do
    let_in(KEYS[i], owner)
  end
  if overdue(KEYS[i]) then
    local id = take_first(KEYS[i])
    if id then
      return {KEYS[i], id, redis.call("HGETALL", job_key(id)), "overdue"}
    end
  end
end
local total, first = 0, nil
for i = 1, #KEYS / 2 do
  local queue, wake_up_key = KEYS[i], KEYS[#KEYS / 2 + i]
  local priority = string.match(queue, "[^-]*$")
  if first and priority ~= first then
    break
  end
  local id, passed = take_first(queue)
  if passed > 0 then
    wake_others(wake_up_key)
  end
  if id then
    return {queue, id, redis.call("HGETALL", job_key(id))}
  end
  total, first = total + passed, passed > 0 and priority or first
end
return total
"""
)

WAITS: Final = (
    _MAY_TAKE
    + """
-- Answers 1 where a job waits that this worker would take, -1 where only others would, whom it wakes up, else 0.
local found = 0
for i = 1, #KEYS / 2 do
  for _, id in ipairs(redis.call("LRANGE", KEYS[i], 0, depth - 1)) do
    if may_run(owner_of(id)) then
      if not passed_over(id) then
        return 1
      end
      wake_others(KEYS[#KEYS / 2 + i])
      found = -1
    end
  end
end
return found
"""
)

MATES: Final = (
    FAIR_QUEUE
    + """
-- KEYS: queue. ARGV: batch key, most mates, how deep to look, retries of a job that never ran.
-- Takes jobs with this batch key too, but none that took a worker down: it runs alone; and none that its key may not
-- run beside those it runs already.
local taken, left = {}, {}
for _, id in ipairs(redis.call("LRANGE", KEYS[1], 0, tonumber(ARGV[3]) - 1)) do
  if #taken >= tonumber(ARGV[2]) then
    break
  end
  local found = redis.call("HMGET", job_key(id), BATCH_KEY, "retries_left")
  if found[1] == ARGV[1] and found[2] == ARGV[4] then
    local owner = owner_of(id)
    left[owner] = left[owner] or free_places(owner)
    if left[owner] > 0 then
      take(KEYS[1], id, owner)
      left[owner] = left[owner] - 1
      table.insert(taken, id)
    end
  end
end
return taken
"""
)

FRONT: Final = (
    FAIR_QUEUE
    + """
-- KEYS: queue. ARGV: id. Puts a job that was taken before at the head of its queue.
to_front(KEYS[1], ARGV[1])
return 1
"""
)

ENDED: Final = (
    LISTING
    + FAIR_QUEUE
    + """
-- KEYS: usage of the day, job [, list of the jobs with its verdict]. ARGV: owner, how it ended, images, seconds of
-- work, seconds usage is kept [, oldest id of that list, seconds it is kept].
-- Counts a job that ended, unless it was deleted and so counted before, and lets in what waited for its place.
redis.call("SREM", running_key(ARGV[1]), string.sub(KEYS[2], 8))
if redis.call("HEXISTS", KEYS[2], OWNER) == 0 then
  return 0
end
redis.call("HINCRBY", KEYS[1], ARGV[2], 1)
redis.call("HINCRBY", KEYS[1], "images", ARGV[3])
redis.call("HINCRBYFLOAT", KEYS[1], "seconds", ARGV[4])
redis.call("EXPIRE", KEYS[1], ARGV[5])
if KEYS[3] then
  list_job(KEYS[3], string.sub(KEYS[2], 8), ARGV[6], ARGV[7])
end
let_in_everywhere(ARGV[1])
return 1
"""
)

PROGRESS: Final = f"""
-- KEYS: job, events, started registry. ARGV: registry entry; where progress is to be written: it, event, events kept.
-- Answers 1 when the job is no longer wanted (cancelled or deleted) or no longer ours.
local found = redis.call("HMGET", KEYS[1], "status", "{keys.FIELD_CANCEL}")
if not found[1] or not redis.call("ZSCORE", KEYS[3], ARGV[1]) then
  return 1
end
if ARGV[2] then
  redis.call("HSET", KEYS[1], "{keys.FIELD_PROGRESS}", ARGV[2])
  redis.call("XADD", KEYS[2], "MAXLEN", "~", ARGV[4], "*", "data", ARGV[3])
end
return found[2] and 1 or 0
"""

LEASE: Final = f"""
-- Renews a lease if it still stands. Answers 0 when it is lost or the job has ended, 1 when it holds, 2 when the job is
-- to be cancelled.
local function lease(registry, job, entry, deadline)
  if not redis.call("ZSCORE", registry, entry) then
    return 0
  end
  local found = redis.call("HMGET", job, "status", "{keys.FIELD_CANCEL}")
  if found[1] ~= "started" then
    return 0
  end
  redis.call("ZADD", registry, "XX", deadline, entry)
  return found[2] and 2 or 1
end
"""
"""Gives `lease(started registry, job, registry entry, new deadline)`."""

STEAL: Final = """
-- KEYS: started registry. ARGV: expired entry, our entry, now, our deadline.
-- Takes over a lease that has expired; whoever held it can no longer record anything.
local score = redis.call("ZSCORE", KEYS[1], ARGV[1])
if not score or tonumber(score) >= tonumber(ARGV[3]) then
  return 0
end
redis.call("ZREM", KEYS[1], ARGV[1])
redis.call("ZADD", KEYS[1], ARGV[4], ARGV[2])
return 1
"""

UNSTICK: Final = (
    FAIR_QUEUE
    + """
-- KEYS: queue, job. ARGV: id.
-- Puts a job that was taken but never started back at the head of its queue; no retry is used up.
if redis.call("LREM", KEYS[1] .. ":intermediate", 1, ARGV[1]) == 1 and redis.call("EXISTS", KEYS[2]) == 1 then
  to_front(KEYS[1], ARGV[1])
  return 1
end
return 0
"""
)

END: Final = (
    OUTBOX
    + """
-- KEYS: job, events. ARGV: id, a field that only accepting a job writes.
-- Goes last where an ending is recorded: who asked to be told of it is told. Of a job that was deleted meanwhile, what
-- was just written goes too.
if redis.call("HEXISTS", KEYS[1], ARGV[2]) == 1 then
  tell_end(KEYS[1], ARGV[1])
  return 1
end
local origin = redis.call("HGET", KEYS[1], "origin") or ""
for _, registry in ipairs({"finished", "failed", "canceled"}) do
  redis.call("ZREM", "rq:" .. registry .. ":" .. origin, ARGV[1])
end
redis.call("DEL", KEYS[1], KEYS[2], "rq:results:" .. ARGV[1])
return 0
"""
)

RESIDENTS: Final = """
-- KEYS: engines that workers hold. ARGV: how long a word counts, s; this worker's last word of engines, as engine and
-- time in turn; "held"; the engines that it holds now.
-- Says what it holds. Answers this word's time, then the engines that another worker said to hold: the last word is not
-- this worker's own. What all workers hold is read at once, however many they are.
local clock = redis.call("TIME")
local now = clock[1] + clock[2] / 1e6
local own, at = {}, 2
while ARGV[at] ~= "held" do
  own[ARGV[at]] = tonumber(ARGV[at + 1])
  at = at + 2
end
redis.call("ZREMRANGEBYSCORE", KEYS[1], "-inf", now - ARGV[1])
local found, others = redis.call("ZRANGE", KEYS[1], 0, -1, "WITHSCORES"), {}
for i = 1, #found, 2 do
  if tonumber(found[i + 1]) ~= own[found[i]] then
    table.insert(others, found[i])
  end
end
for i = at + 1, #ARGV do
  redis.call("ZADD", KEYS[1], string.format("%.6f", now), ARGV[i])
end
return {string.format("%.6f", now), others}
"""

MEAN_SERVICE_TIME: Final = """
-- KEYS: mean service time. ARGV: seconds per job of this run, seconds it is kept. It follows in about five runs.
local old = tonumber(redis.call("GET", KEYS[1]) or ARGV[1])
redis.call("SET", KEYS[1], old * 0.8 + tonumber(ARGV[1]) * 0.2, "EX", ARGV[2])
return 1
"""
