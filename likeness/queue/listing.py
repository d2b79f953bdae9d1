"""The lists by which jobs are found again, as a step of the scripts that accept and end jobs (Lua)."""

from typing import Final

LISTING: Final = """
-- Adds a job to a list, drops what is older than any job that can still be asked for, and renews the list's lifetime.
local function list_job(list, id, oldest, seconds)
  redis.call("ZADD", list, 0, id)
  redis.call("ZREMRANGEBYLEX", list, "-", "(" .. oldest)
  redis.call("EXPIRE", list, seconds)
end
"""
"""Gives `list_job(list's key, id, oldest id, seconds the list is kept)`."""
