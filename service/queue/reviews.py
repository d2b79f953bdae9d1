"""Reviews of jobs: each a field of the job's hash that its reviewer alone writes, so none overwrites another's."""

from datetime import UTC, datetime
from typing import Any, Final

from likeness.contract.errors import JobNotFound
from likeness.contract.jobs import first_job_id
from likeness.contract.reviews import Decision, NewReview, Review
from likeness.queue import keys
from likeness.queue.listing import LISTING
from service.queue.admission import translated
from service.queue.listing import decided_lists

REVIEW: Final = (
    LISTING
    + f"""
-- KEYS: job, then a list for each decision. ARGV: id, name of the review's field, review as JSON or "" to withdraw it,
-- oldest id, seconds the lists are kept, then the decision of each list.
-- Answers 0 where the job is gone. A job is in the list of each decision that somebody made about it.
if redis.call("HEXISTS", KEYS[1], "data") == 0 then
  return 0
end
if ARGV[3] == "" then
  redis.call("HDEL", KEYS[1], ARGV[2])
else
  redis.call("HSET", KEYS[1], ARGV[2], ARGV[3])
end
local made, prefix = {{}}, "{keys.FIELD_REVIEW}"
for _, field in ipairs(redis.call("HKEYS", KEYS[1])) do
  if string.sub(field, 1, #prefix) == prefix then
    made[cjson.decode(redis.call("HGET", KEYS[1], field)).decision] = true
  end
end
for place = 2, #KEYS do
  if made[ARGV[place + 4]] then
    list_job(KEYS[place], ARGV[1], ARGV[4], ARGV[5])
  else
    redis.call("ZREM", KEYS[place], ARGV[1])
  end
end
return 1
"""
)


class Reviews:
    """The reviews of all jobs. Its methods raise QueueUnavailable when Redis does not respond."""

    def __init__(self, connection: Any, lifetime: int) -> None:  # noqa: ANN401  as in JobQueue
        self._redis = connection
        self._kept = lifetime + keys.EXPIRED_SECONDS

    async def save(self, job_id: str, owner: str, reviewer: str, review: NewReview) -> None:
        """Save a person's review of a job, in the place of that person's last one. Raises JobNotFound."""
        whole = Review(by=reviewer, at=datetime.now(UTC), **dict(review))
        await self._write(job_id, owner, reviewer, whole.model_dump_json())

    async def withdraw(self, job_id: str, owner: str, reviewer: str) -> None:
        """Remove a person's review of a job, if there is one. Raises JobNotFound."""
        await self._write(job_id, owner, reviewer, "")

    async def _write(self, job_id: str, owner: str, reviewer: str, review: str) -> None:
        oldest = first_job_id(datetime.now(UTC).timestamp() - self._kept)
        redis_keys = [keys.JOB_KEY.format(id=job_id), *decided_lists(owner)]
        args = [job_id, keys.FIELD_REVIEW + reviewer, review, oldest, self._kept, *Decision]
        async with translated():
            found = await self._redis.eval(REVIEW, len(redis_keys), *redis_keys, *args)
        if not found:
            raise JobNotFound(f"there is no job {job_id}")
