"""The steps of batches that must happen as one, in Redis's own language (Lua)."""

from typing import Final

from likeness.queue import keys
from likeness.queue.outbox import OUTBOX

LEAD: Final = """
-- KEYS: feeder. ARGV: token, ms of the lease.
-- Takes the lease where nobody has it, or renews it. Answers 1 if it is ours.
local leads = redis.call("GET", KEYS[1])
if leads and leads ~= ARGV[1] then
  return 0
end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
return 1
"""

RESIGN: Final = """
-- KEYS: feeder. ARGV: token.
if redis.call("GET", KEYS[1]) == ARGV[1] then
  redis.call("DEL", KEYS[1])
end
return 1
"""

CREATE: Final = """
-- KEYS: batch, states, open batches, batches of the owner [, idempotency key].
-- ARGV: id, owner, bytes of all states, fingerprint, seconds the key is kept, then the batch's fields and values.
-- Answers {fingerprint, id} of the batch that the idempotency key stands for. Sent again it does nothing.
local known = KEYS[5] and redis.call("HMGET", KEYS[5], "fingerprint", "job")
if known and known[1] then
  return known
end
if redis.call("EXISTS", KEYS[1]) == 0 then
  redis.call("HSET", KEYS[1], unpack(ARGV, 6))
  redis.call("SETRANGE", KEYS[2], tonumber(ARGV[3]) - 1, "\\0")
  redis.call("HSET", KEYS[3], ARGV[1], ARGV[2])
  redis.call("ZADD", KEYS[4], 0, ARGV[1])
end
if KEYS[5] then
  redis.call("HSET", KEYS[5], "fingerprint", ARGV[4], "job", ARGV[1])
  redis.call("EXPIRE", KEYS[5], ARGV[5])
end
return {ARGV[4], ARGV[1]}
"""

MARK: Final = """
-- KEYS: batch, states, rows, feeder. ARGV: token of who leads, or "" where that is not asked; then JSON: the chunks
-- that were written, each with its file, and seconds of work; then for each change place, record before, record after.
-- Answers for each change 1, or 0 where the record is another by now; -1 when the lease is lost, -2 without the batch.
if ARGV[1] ~= "" and redis.call("GET", KEYS[4]) ~= ARGV[1] then
  return -1
end
local width = tonumber(redis.call("HGET", KEYS[1], "width") or "0")
if width == 0 then
  return -2
end
local set, done = cjson.decode(ARGV[2]), {}
for i = 3, #ARGV, 3 do
  local place, before, after = tonumber(ARGV[i]), ARGV[i + 1], ARGV[i + 2]
  if redis.call("GETRANGE", KEYS[2], place * 8, place * 8 + 7) == before then
    local recipe = place % width
    redis.call("SETRANGE", KEYS[2], place * 8, after)
    redis.call("HINCRBY", KEYS[1], "count:" .. recipe .. ":" .. string.byte(before), -1)
    redis.call("HINCRBY", KEYS[1], "count:" .. recipe .. ":" .. string.byte(after), 1)
    table.insert(done, 1)
  else
    table.insert(done, 0)
  end
end
for chunk, file in pairs(set.rows) do
  local step = redis.call("HINCRBY", KEYS[1], "step", 1)
  redis.call("HSET", KEYS[3], chunk, step .. ":" .. file)
end
if set.seconds > 0 then
  redis.call("HINCRBYFLOAT", KEYS[1], "seconds", set.seconds)
end
return done
"""

SET: Final = """
-- KEYS: batch. ARGV: states from which, separated by blanks; then fields and values. Answers the state before, or "".
local state = redis.call("HGET", KEYS[1], "state")
if not state then
  return ""
end
if string.find(" " .. ARGV[1] .. " ", " " .. state .. " ", 1, true) then
  redis.call("HSET", KEYS[1], unpack(ARGV, 2))
end
return state
"""

REOPEN: Final = """
-- KEYS: batch, states, rows, open batches, batches of the owner. ARGV: id, owner.
-- Lets a batch run again, and says so to who feeds it. Answers 0 without the batch.
if redis.call("EXISTS", KEYS[1]) == 0 then
  return 0
end
redis.call("HINCRBY", KEYS[1], "epoch", 1)
if redis.call("HGET", KEYS[1], "state") == "ended" then
  redis.call("HSET", KEYS[1], "state", "running")
end
redis.call("HDEL", KEYS[1], "ended_at", "told")
for i = 1, 3 do
  redis.call("PERSIST", KEYS[i])
end
redis.call("HSET", KEYS[4], ARGV[1], ARGV[2])
return 1
"""

CLOSE: Final = """
-- KEYS: batch, states, rows, open batches, feeder. ARGV: token, id, epoch, now, seconds it is kept.
-- Ends a batch, unless it was reopened meanwhile. Answers 1 if it ended.
if redis.call("GET", KEYS[5]) ~= ARGV[1] or redis.call("HGET", KEYS[1], "epoch") ~= ARGV[3] then
  return 0
end
redis.call("HSET", KEYS[1], "state", "ended", "ended_at", ARGV[4])
redis.call("HDEL", KEYS[4], ARGV[2])
for i = 1, 3 do
  redis.call("EXPIRE", KEYS[i], ARGV[5])
end
return 1
"""

TELL: Final = (
    OUTBOX
    + f"""
-- KEYS: batch, feeder. ARGV: token, id of what is told, number of the tenth, url, owner, body.
-- Puts how far a batch is into the outbox, once for each tenth.
local told = tonumber(redis.call("HGET", KEYS[1], "told") or "0")
if redis.call("GET", KEYS[2]) ~= ARGV[1] or told >= tonumber(ARGV[3]) then
  return 0
end
redis.call("HSET", KEYS[1], "told", ARGV[3])
local record = record_key(ARGV[2])
redis.call("HSET", record, "{keys.FIELD_WEBHOOK}", ARGV[4], "{keys.FIELD_OWNER}", ARGV[5], "body", ARGV[6])
redis.call("EXPIRE", record, {keys.WEBHOOK_SECONDS})
redis.call("ZADD", "{keys.WEBHOOKS_DUE_KEY}", now_ms(), ARGV[2])
redis.call("LPUSH", "{keys.WEBHOOKS_WAKE_UP_KEY}", "1")
redis.call("LTRIM", "{keys.WEBHOOKS_WAKE_UP_KEY}", 0, {keys.WAKE_UP_LENGTH - 1})
return 1
"""
)

RESERVE: Final = """
-- KEYS: bytes uploaded. ARGV: bytes more, most. Answers 1, or 0 where it would be too many.
if tonumber(redis.call("GET", KEYS[1]) or "0") + tonumber(ARGV[1]) > tonumber(ARGV[2]) then
  return 0
end
redis.call("INCRBY", KEYS[1], ARGV[1])
return 1
"""
