"""The outbox of webhooks, as steps of the scripts that accept and end jobs, in service and worker (Lua)."""

from typing import Final

from likeness.queue import keys

OUTBOX: Final = f"""
-- Goes at the head of a script; that is one step, so a job and its place in the outbox are written together or neither.
local function now_ms()
  local clock = redis.call("TIME")
  return clock[1] * 1000 + math.floor(clock[2] / 1000)
end
local function record_key(id)
  return {keys.in_lua(keys.WEBHOOK_KEY)}
end
local function await_end(job, id)
  if redis.call("HEXISTS", job, "{keys.FIELD_WEBHOOK}") == 1 then
    redis.call("ZADD", "{keys.WEBHOOKS_DUE_KEY}", now_ms() + {keys.WEBHOOK_LOOK_SECONDS * 1000}, id)
    -- Where nobody delivers: what was due so long ago is kept no more, and a job that ends later comes in anew.
    redis.call("ZREMRANGEBYSCORE", "{keys.WEBHOOKS_DUE_KEY}", "-inf", now_ms() - {keys.WEBHOOK_SECONDS * 1000})
  end
end
-- The copy outlives the job, whose lifetime may be over before a receiver answers.
local function tell_end(job, id)
  local record = record_key(id)
  if redis.call("HEXISTS", job, "{keys.FIELD_WEBHOOK}") == 0 or redis.call("EXISTS", record) == 1 then
    return
  end
  redis.call("HSET", record, unpack(redis.call("HGETALL", job)))
  redis.call("EXPIRE", record, {keys.WEBHOOK_SECONDS})
  redis.call("ZADD", "{keys.WEBHOOKS_DUE_KEY}", now_ms(), id)
  redis.call("LPUSH", "{keys.WEBHOOKS_WAKE_UP_KEY}", "1")
  redis.call("LTRIM", "{keys.WEBHOOKS_WAKE_UP_KEY}", 0, {keys.WAKE_UP_LENGTH - 1})
end
local function forget_end(id)
  redis.call("ZREM", "{keys.WEBHOOKS_DUE_KEY}", id)
  redis.call("DEL", record_key(id))
end
"""
"""Gives `await_end(job's key, id)`, `tell_end(job's key, id)`, which do nothing for a job without a webhook, and
`forget_end(id)`."""
