"""How jobs wait, so that no key holds up another: functions in Redis's own language (Lua) that scripts begin with.

Start-time fair queueing (Goyal, Vin and Cheng 1996), worked out when a job arrives. Each job gets a round: that of the
queue's head, or the one after its key's last job in the queue, whichever is later. RQ's list is kept in the order of
rounds, first come first served within one, so taking its head is fair and RQ's own tools see the true order.

Of a key with a bound on running jobs only as many stand in the list as it may run; the rest are held back, oldest
first, and come into the list as its jobs end. Who runs is read from the jobs' own status, so a worker that dies keeps
no place taken. See docs/decisions/0009-fair-queueing.md.
"""

from typing import Final

FAIR_QUEUE: Final = """
-- A queue is given by the key of RQ's list.
local function waiting_key(queue, owner)
  return "likeness:waiting:" .. string.sub(queue, 10) .. ":" .. owner
end
local function held_key(queue, owner)
  return "likeness:held:" .. string.sub(queue, 10) .. ":" .. owner
end
local function holders_key(queue)
  return "likeness:held:" .. string.sub(queue, 10)
end
local function owner_of(id)
  return redis.call("HGET", "rq:job:" .. id, "likeness_owner") or ""
end
local function round_of(id)
  return tonumber(redis.call("HGET", "rq:job:" .. id, "likeness_round") or "0")
end
local function head_round(queue)
  local head = redis.call("LINDEX", queue, 0)
  return head and round_of(head) or 0
end

-- The round of an owner's next job in the list. What RQ's tools took away counts no more.
local function next_round(queue, owner)
  local key, round = waiting_key(queue, owner), head_round(queue)
  while true do
    local last = redis.call("ZREVRANGE", key, 0, 0, "WITHSCORES")
    if not last[1] then
      return round
    end
    if redis.call("HGET", "rq:job:" .. last[1], "status") == "queued" then
      return math.max(round, tonumber(last[2]) + 1)
    end
    redis.call("ZREM", key, last[1])
  end
end

-- The place in the list behind all of a round and of earlier ones.
local function place_of(queue, round)
  local low, high = 0, redis.call("LLEN", queue)
  if high == 0 or round_of(redis.call("LINDEX", queue, -1)) <= round then
    return high
  end
  while low < high do
    local middle = math.floor((low + high) / 2)
    if round_of(redis.call("LINDEX", queue, middle)) <= round then
      low = middle + 1
    else
      high = middle
    end
  end
  return low
end

-- Puts a job into the list. Answers its place.
local function insert(queue, id, owner)
  local round = next_round(queue, owner)
  local place = place_of(queue, round)
  local behind = redis.call("LINDEX", queue, place)
  if behind then
    redis.call("LINSERT", queue, "BEFORE", behind, id)
  else
    redis.call("RPUSH", queue, id)
  end
  redis.call("HSET", "rq:job:" .. id, "likeness_round", round)
  redis.call("ZADD", waiting_key(queue, owner), round, id)
  return place
end

-- Puts a job that was taken before at the head, in the head's round.
local function to_front(queue, id)
  local round = head_round(queue)
  redis.call("LPUSH", queue, id)
  redis.call("HSET", "rq:job:" .. id, "likeness_round", round)
  redis.call("ZADD", waiting_key(queue, owner_of(id)), round, id)
end

-- Takes a waiting job away. Answers whether it waited.
local function drop(queue, id)
  local owner = owner_of(id)
  redis.call("ZREM", waiting_key(queue, owner), id)
  return redis.call("LREM", queue, 1, id) + redis.call("ZREM", held_key(queue, owner), id) > 0
end

local function bound_of(owner)
  return tonumber(redis.call("HGET", "likeness:concurrency", owner) or "")
end

-- How many more jobs of an owner may run.
local function room(owner)
  local bound = bound_of(owner)
  if not bound then
    return math.huge
  end
  local key = "likeness:running:" .. owner
  for _, id in ipairs(redis.call("SMEMBERS", key)) do
    local found = redis.call("HMGET", "rq:job:" .. id, "status", "origin")
    local list = "rq:queue:" .. (found[2] or "") .. ":intermediate"
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
    redis.call("SADD", "likeness:running:" .. owner, id)
  end
end

-- Holds a job back; the first half of its id is when it was made, in ms.
local function hold_back(queue, id, owner)
  redis.call("ZADD", held_key(queue, owner), tonumber(string.sub(id, 1, 12), 16) or 0, id)
  redis.call("SADD", holders_key(queue), owner)
end

-- Lets as many held back jobs of an owner into the list as it may run.
local function let_in(queue, owner)
  local held = held_key(queue, owner)
  local most = math.min(room(owner) - redis.call("ZCARD", waiting_key(queue, owner)), 64)
  for _, id in ipairs(most > 0 and redis.call("ZRANGE", held, 0, most - 1) or {}) do
    redis.call("ZREM", held, id)
    if redis.call("EXISTS", "rq:job:" .. id) == 1 then
      insert(queue, id, owner)
      local bell = "likeness:bell:" .. string.sub(queue, 10)
      redis.call("LPUSH", bell, "1")
      redis.call("LTRIM", bell, 0, 63)
    end
  end
  if redis.call("EXISTS", held) == 0 then
    redis.call("SREM", holders_key(queue), owner)
  end
end

-- The same in every queue.
local function let_in_everywhere(owner)
  for _, queue in ipairs(bound_of(owner) and redis.call("SMEMBERS", "rq:queues") or {}) do
    if redis.call("SISMEMBER", holders_key(queue), owner) == 1 then
      let_in(queue, owner)
    end
  end
end
"""
