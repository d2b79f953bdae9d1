"""What RQ writes into its books, done as one script with the check that it depends on: one question, one answer.

RQ puts commands into a pipeline. As a transaction, what they depend on would have to be asked before, while the job is
watched: three answers instead of one. And where Redis no longer knows a script by its name, as after a failover, all of
a transaction but that script would be done; of a script nothing is, so that it can be sent again with its text.
"""

from typing import Any, Final

from redis.client import Pipeline

from likeness.queue.fair_queue import FAIR_QUEUE
from likeness.queue.listing import LISTING
from likeness.queue.outbox import OUTBOX
from likeness.queue.script_names import digest
from worker.queue.scripts import END, ENDED, FRONT, LEASE

_STEPS: Final = """
-- Does the steps that stand in ARGV from a place on: of each how many words it has, then these. A script among them is
-- one of `scripts`, by its name.
local function do_steps(at, scripts)
  while ARGV[at] do
    local first, last = at + 1, at + ARGV[at]
    if ARGV[first] == "EVAL" then
      local split = first + 2 + ARGV[first + 2]
      scripts[ARGV[first + 1]]({unpack(ARGV, first + 3, split)}, {unpack(ARGV, split + 1, last)})
    else
      redis.call(unpack(ARGV, first, last))
    end
    at = last + 1
  end
end
"""

START: Final = (
    _STEPS
    + """
-- KEYS: list of the jobs that were taken, started registry, job. ARGV: id, registry entry, steps.
-- Does the steps that start a taken job. Answers 1 once it is started, also if it was before and the answer got lost; 0
-- where it was given back meanwhile, or deleted.
if redis.call("ZSCORE", KEYS[2], ARGV[2]) then
  return 1
end
if redis.call("HEXISTS", KEYS[3], "data") == 0 then
  redis.call("LREM", KEYS[1], 1, ARGV[1])
  return 0
end
if not redis.call("LPOS", KEYS[1], ARGV[1]) then
  return 0
end
do_steps(3, {})
return 1
"""
)

_PRELUDES: Final = (OUTBOX, LISTING, FAIR_QUEUE)


def _as_function(script: str) -> str:
    """Return a script, without what it has in common with others, as an entry of a table of functions."""
    body = script
    for prelude in _PRELUDES:
        body = body.replace(prelude, "")
    return f'scripts["{digest(script)}"] = function(KEYS, ARGV)\n{body}\nend\n'


WHILE_HELD: Final = (
    "".join(_PRELUDES)
    + _STEPS
    + LEASE
    + "local scripts = {}\n"
    + "".join(_as_function(script) for script in (ENDED, END, FRONT))
    + """
-- KEYS: started registry, job. ARGV: registry entry, new deadline, how the lease is thought to stand, steps.
-- Does the steps if the lease stands so. Answers how it stands.
local held = lease(KEYS[1], KEYS[2], ARGV[1], ARGV[2])
if held == tonumber(ARGV[3]) then
  do_steps(4, scripts)
end
return held
"""
)


def words_of(steps: Pipeline) -> list[Any]:
    """Return the commands that a pipeline holds as the arguments of a script: of each how many words, then these."""
    words: list[Any] = []
    for command, _ in steps.command_stack:
        step = ["EVAL", digest(command[1]), *command[2:]] if command[0] == "EVAL" else command
        words += [len(step), *step]
    return words
