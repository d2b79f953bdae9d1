"""How jobs wait, so that no key holds up another: functions in Redis's own language (Lua) that scripts begin with.

Start-time fair queueing (Goyal, Vin and Cheng 1996), worked out when a job arrives. Each job gets a virtual start
time: that of the queue's head, or one after its key's last job in the queue, whichever is later. RQ's list is kept in
the order of virtual start times, first come first served within one, so taking its head is fair and RQ's own tools see
the true order.

Of a key with a bound on running jobs only as many stand in the list as it may run; the rest are throttled, and
come into the list, oldest first, as its jobs end. Who runs is read from the jobs' own status, so a worker that dies
keeps no place taken. See docs/decisions/0009-fair-queueing.md.
"""

from typing import Final

from likeness.queue import keys

_KEYS: Final = f"""
-- A queue is given by the key of RQ's list.
local OWNER, VIRTUAL_START = "{keys.FIELD_OWNER}", "{keys.FIELD_VIRTUAL_START}"
local BATCH_KEY, PASSED, CANCEL = "{keys.FIELD_BATCH_KEY}", "{keys.FIELD_PASSED}", "{keys.FIELD_CANCEL}"
local CONCURRENCY, QUEUES = "{keys.CONCURRENCY_KEY}", "{keys.QUEUES_KEY}"
local function name_of(queue)
  return string.sub(queue, 10)
end
local function job_key(id)
  return {keys.in_lua(keys.JOB_KEY)}
end
local function queue_key(queue)
  return {keys.in_lua(keys.QUEUE_KEY)}
end
local function taken_key(queue)
  return {keys.in_lua(keys.TAKEN_KEY)}
end
local function waiting_key(queue, owner)
  return {keys.in_lua(keys.WAITING_KEY, queue="name_of(queue)")}
end
local function throttled_key(queue, owner)
  return {keys.in_lua(keys.THROTTLED_KEY, queue="name_of(queue)")}
end
local function throttled_owners_key(queue)
  return {keys.in_lua(keys.THROTTLED_OWNERS_KEY, queue="name_of(queue)")}
end
local function running_key(owner)
  return {keys.in_lua(keys.RUNNING_KEY)}
end
local function wake_up(queue)
  local key = {keys.in_lua(keys.WAKE_UP_KEY, queue="name_of(queue)")}
  redis.call("LPUSH", key, "1")
  redis.call("LTRIM", key, 0, {keys.WAKE_UP_LENGTH - 1})
end
"""

FAIR_QUEUE: Final = (
    _KEYS
    + """
local function owner_of(id)
  return redis.call("HGET", job_key(id), OWNER) or ""
end
local function virtual_start_of(id)
  return tonumber(redis.call("HGET", job_key(id), VIRTUAL_START) or "0")
end
local function head_virtual_start(queue)
  local head = redis.call("LINDEX", queue, 0)
  return head and virtual_start_of(head) or 0
end

-- The virtual start time of an owner's next job in the list. What RQ's tools took away counts no more.
local function next_virtual_start(queue, owner)
  local key, virtual_start = waiting_key(queue, owner), head_virtual_start(queue)
  while true do
    local last = redis.call("ZREVRANGE", key, 0, 0, "WITHSCORES")
    if not last[1] then
      return virtual_start
    end
    if redis.call("HGET", job_key(last[1]), "status") == "queued" then
      return math.max(virtual_start, tonumber(last[2]) + 1)
    end
    redis.call("ZREM", key, last[1])
  end
end

-- The place in the list behind all jobs of this virtual start time and of earlier ones.
local function place_of(queue, virtual_start)
  local low, high = 0, redis.call("LLEN", queue)
  if high == 0 or virtual_start_of(redis.call("LINDEX", queue, -1)) <= virtual_start then
    return high
  end
  while low < high do
    local middle = math.floor((low + high) / 2)
    if virtual_start_of(redis.call("LINDEX", queue, middle)) <= virtual_start then
      low = middle + 1
    else
      high = middle
    end
  end
  return low
end

-- Puts a job into the list. Answers its place.
local function insert(queue, id, owner)
  local virtual_start = next_virtual_start(queue, owner)
  local place = place_of(queue, virtual_start)
  local behind = redis.call("LINDEX", queue, place)
  if behind then
    redis.call("LINSERT", queue, "BEFORE", behind, id)
  else
    redis.call("RPUSH", queue, id)
  end
  redis.call("HSET", job_key(id), VIRTUAL_START, virtual_start)
  redis.call("ZADD", waiting_key(queue, owner), virtual_start, id)
  return place
end

-- Puts a job that was taken before at the head, with the head's virtual start time.
local function to_front(queue, id)
  local virtual_start = head_virtual_start(queue)
  redis.call("LPUSH", queue, id)
  redis.call("HSET", job_key(id), VIRTUAL_START, virtual_start)
  redis.call("ZADD", waiting_key(queue, owner_of(id)), virtual_start, id)
end

-- Takes a waiting job away. Answers whether it waited.
local function drop(queue, id)
  local owner = owner_of(id)
  redis.call("ZREM", waiting_key(queue, owner), id)
  return redis.call("LREM", queue, 1, id) + redis.call("ZREM", throttled_key(queue, owner), id) > 0
end

local function bound_of(owner)
  return tonumber(redis.call("HGET", CONCURRENCY, owner) or "")
end

-- How many more jobs of an owner may run.
local function free_places(owner)
  local bound = bound_of(owner)
  if not bound then
    return math.huge
  end
  local key = running_key(owner)
  for _, id in ipairs(redis.call("SMEMBERS", key)) do
    local found = redis.call("HMGET", job_key(id), "status", "origin")
    local list = taken_key(found[2] or "")
    if found[1] == "started" or redis.call("LPOS", list, id) then
      bound = bound - 1
    else
      redis.call("SREM", key, id)
    end
  end
  return bound
end

-- Moves a job into the hands of a worker.
local function take(queue, id, owner)
  redis.call("LREM", queue, 1, id)
  redis.call("ZREM", waiting_key(queue, owner), id)
  redis.call("RPUSH", queue .. ":intermediate", id)
  if bound_of(owner) then
    redis.call("SADD", running_key(owner), id)
  end
end

-- Throttles a job; the first half of its id is when it was made, in ms.
local function throttle(queue, id, owner)
  redis.call("ZADD", throttled_key(queue, owner), tonumber(string.sub(id, 1, 12), 16) or 0, id)
  redis.call("SADD", throttled_owners_key(queue), owner)
end

-- Lets as many throttled jobs of an owner into the list as it may run.
local function let_in(queue, owner)
  local throttled = throttled_key(queue, owner)
  local most = math.min(free_places(owner) - redis.call("ZCARD", waiting_key(queue, owner)), 64)
  for _, id in ipairs(most > 0 and redis.call("ZRANGE", throttled, 0, most - 1) or {}) do
    redis.call("ZREM", throttled, id)
    if redis.call("EXISTS", job_key(id)) == 1 then
      insert(queue, id, owner)
      wake_up(queue)
    end
  end
  if redis.call("EXISTS", throttled) == 0 then
    redis.call("SREM", throttled_owners_key(queue), owner)
  end
end

-- The same in every queue.
local function let_in_everywhere(owner)
  for _, queue in ipairs(bound_of(owner) and redis.call("SMEMBERS", QUEUES) or {}) do
    if redis.call("SISMEMBER", throttled_owners_key(queue), owner) == 1 then
      let_in(queue, owner)
    end
  end
end
"""
)
