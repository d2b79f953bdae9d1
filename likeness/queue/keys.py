"""Queue names, Redis keys, fields and lifetimes: all of them, each with its unit."""

import re
from typing import Final

from likeness.contract.scheduling import Priority

JOB_FUNCTION: Final = "likeness.run"
"""The one function a job may name. The worker maps it to its own code; nothing else is ever looked up or imported."""

JOB_KEY: Final = "rq:job:{id}"
"""RQ's own hash of a job. Our fields live in it too, under the names below, and so expire with it."""

QUEUE_KEY: Final = "rq:queue:{queue}"
"""RQ's list of the jobs that wait in a queue."""
TAKEN_KEY: Final = QUEUE_KEY + ":intermediate"
"""RQ's list of the jobs that were taken from a queue and not started yet."""
QUEUES_KEY: Final = "rq:queues"
"""RQ's set of the keys of all queues."""
BATCH_TURN_SECONDS: Final = 60
"""A batch job that waited this long is taken before interactive ones by a worker that took none for as long."""
POOL_TURN_SECONDS: Final = 10
"""How long a worker stays with one pool while jobs of equal priority wait in another that it serves."""

FIELD_OWNER: Final = "likeness_owner"
"""Name of the API key that the job belongs to."""
FIELD_KIND: Final = "likeness_kind"
FIELD_BATCH_KEY: Final = "likeness_batch_key"
"""Jobs of one queue with an equal value may share one run."""
FIELD_PASSED: Final = "likeness_passed"
"""When a worker first passed the job over for another one that holds its engine: Redis's clock, ms."""
FIELD_PROGRESS: Final = "likeness_progress"
"""Progress as JSON."""
FIELD_CANCEL: Final = "likeness_cancel"
"""Set to 1 when the caller wants a running job stopped; read at every step."""
FIELD_RESULT: Final = "likeness_result"
"""Result as JSON. It counts only once RQ's status is `finished`."""
FIELD_ERROR: Final = "likeness_error"
"""JobFailure as JSON. It counts only once RQ's status is `failed`."""
FIELD_WEBHOOK: Final = "likeness_webhook"
"""URL to notify when the job ends; absent without a webhook."""
FIELD_DELIVERIES: Final = "likeness_deliveries"
"""WebhookLog as JSON: its deliveries."""
FIELD_REVIEW: Final = "likeness_review:"
"""Review as JSON; the name of the field goes on with that of the reviewer, who alone writes it."""
FIELD_TRACEPARENT: Final = "likeness_traceparent"
"""W3C traceparent of the request that handed the job in; absent where there is no trace."""

FIELD_VIRTUAL_START: Final = "likeness_round"
"""Virtual start time of a waiting job; RQ's list is in its order (queue/fair_queue.py)."""

EVENTS_KEY: Final = "likeness:events:{id}"
"""Stream of one job's events, each with one field `data` (Event as JSON)."""
EVENTS_LENGTH: Final = 512
"""Events kept per job, at least."""

OWNER_JOBS_KEY: Final = "likeness:owner:{owner}:jobs"
"""Sorted set of job ids, all with score 0: the ids sort by time."""
OWNER_REFERENCE_KEY: Final = "likeness:owner:{owner}:reference:{digest}"
"""The same of the jobs with a reference; sha256 of it, the first 32 hex digits."""
OWNER_KIND_KEY: Final = "likeness:owner:{owner}:kind:{kind}"
"""The same of the jobs of a kind."""
OWNER_DECISION_KEY: Final = "likeness:owner:{owner}:review:{decision}"
"""The same of the jobs about which somebody made a decision."""
OWNER_RECIPES_KEY: Final = "likeness:owner:{owner}:recipes"
"""Hash: an owner's saved recipes as JSON, by name. They have no lifetime."""
REVIEW_LINK_KEY: Final = "likeness:review-link:{digest}"
"""A review link as JSON, by the sha256 of its token, which is kept nowhere; gone when the link's time is over."""
VERDICT_KEY: Final = "likeness:verdicts:{owner}:{verdict}"
"""The same of the jobs whose best image has a verdict; written by workers, who have no part in what owners have."""
WAITING_KEY: Final = "likeness:waiting:{queue}:{owner}"
"""Sorted set of a key's jobs in a queue's list, by virtual start time."""
THROTTLED_KEY: Final = "likeness:held:{queue}:{owner}"
"""Sorted set of a key's jobs that its limit on running jobs throttles, by when they were made, ms."""
THROTTLED_OWNERS_KEY: Final = "likeness:held:{queue}"
"""Set of the keys with throttled jobs of a queue."""
RUNNING_KEY: Final = "likeness:running:{owner}"
"""Set of the jobs of a key with a bound that workers took; those whose status says otherwise count no more."""
CONCURRENCY_KEY: Final = "likeness:concurrency"
"""Hash: most running jobs of each key that has such a bound, as of its last accepted job."""
USAGE_KEY: Final = "likeness:usage:{owner}:{day}"
"""Hash of counters of one UTC day (YYYY-MM-DD): the fields of DayUsage; `accepted` is what a daily quota bounds."""
USAGE_DAYS: Final = 31
"""Days that can be asked for, today with them."""
USAGE_SECONDS: Final = (USAGE_DAYS + 1) * 24 * 3600
IDEMPOTENCY_KEY: Final = "likeness:idempotency:{owner}:{key}"
"""Hash: fingerprint of the content, and the job id once the job is queued."""
IDEMPOTENCY_SECONDS: Final = 24 * 3600
IDEMPOTENCY_PENDING_SECONDS: Final = 60
"""How long an unfinished first request blocks its key."""
WAKE_UP_KEY: Final = "likeness:bell:{queue}"
"""List that gets an entry with each queued job, so that an idle worker of several queues can block on it.
A lost entry costs a second, never a job."""
WAKE_UP_LENGTH: Final = 64
MEAN_SERVICE_TIME_KEY: Final = "likeness:pace:{queue}"
"""Running mean of the seconds a worker needs per job of this queue; one of several runs counts as so many jobs."""
MEAN_SERVICE_TIME_SECONDS: Final = 24 * 3600
EXPIRED_KEY: Final = "likeness:expired:{id}"
"""Marks a job that once was, holding its owner, so that it is 410 and not 404."""
EXPIRED_SECONDS: Final = 7 * 24 * 3600
RESIDENT_KEY: Final = "likeness:resident:{worker}"
"""Residency of one worker as JSON."""
RESIDENT_SECONDS: Final = 15
"""A worker says again what it holds well within this time."""
HELD_KEY: Final = "likeness:residents"
"""Sorted set of the engines that workers of their pool hold, each with when one last said so: Redis's clock, s."""
HELD_SECONDS: Final = 7
"""An engine that no worker said to hold for so long, two heartbeats and a second, counts as held by none."""
PREFER_SECONDS: Final = 2
"""How long a job is left to workers that hold its engine, from when it was first passed over."""
INSTALLED_KEY: Final = "likeness:installed"
"""Sorted set of engines, each with the last time (Unix seconds) that a worker had all its models."""
INSTALLED_SECONDS: Final = 24 * 3600
"""So long after its last worker was seen an engine's jobs are still accepted, to wait for the next."""
ENDED_COUNTS_KEY: Final = "likeness:counts:ended"
"""Hash: jobs that ended, ever, by `engine:status:code`. The code of a success is the verdict of its best image."""
STORE_PREFIX: Final = "jobs/{id}/"
"""Where the images of one job lie in the store; the rest of a name is the sha256 of the bytes, in hex."""
PREVIEW_NAME: Final = "preview"
"""Name of what a running job shows so far, beside its images: a JPEG, overwritten by the next."""
UPLOADS_PREFIX: Final = "uploads/{owner}/"
"""Where the uploads of one key lie in the store; the rest of a name is the sha256 of the bytes, in hex."""
UPLOADED_KEY: Final = "likeness:uploads:{owner}"
"""Bytes that the uploads of a key take; counted anew by each clean-up."""

BATCH_PREFIX: Final = "batches/{id}/"
"""Where what belongs to one batch lies in the store: its plan, its items and results in chunks, and its images."""
BATCH_KEY: Final = "likeness:batch:{id}"
"""Hash of a batch: its owner, its state, how many of its jobs stand how, by recipe, and its figures."""
BATCH_STATES_KEY: Final = "likeness:batch:{id}:states"
"""String of 8 bytes for each item and recipe, in the order of items: how it stands, its attempt, when it was queued."""
BATCH_ROWS_KEY: Final = "likeness:batch:{id}:rows"
"""Hash: of each chunk of items the file that holds its results now, and the number of the step that wrote it."""
BATCHES_OPEN_KEY: Final = "likeness:batches:open"
"""Hash: the owner of each batch that has not ended."""
OWNER_BATCHES_KEY: Final = "likeness:owner:{owner}:batches"
"""Sorted set of the ids of a key's batches, all with score 0: the ids sort by time."""
FEEDER_KEY: Final = "likeness:feeder"
"""Which feeder leads, by a token of its own, until its lease is over."""
FEEDER_SECONDS: Final = 15
"""A feeder silent for this long leads no more."""
BATCH_MARK_SECONDS: Final = 600
"""How long it is known that a job was there whose result its batch has taken over."""

WEBHOOKS_DUE_KEY: Final = "likeness:webhooks:due"
"""Sorted set of the ids of jobs with a webhook, each with when (Unix ms) to look at it next; a claim moves it on."""
WEBHOOK_KEY: Final = "likeness:webhook:{id}"
"""Hash of an end that is to be told: a copy of the job's, until a try failed; then url, owner and body."""
WEBHOOKS_WAKE_UP_KEY: Final = "likeness:webhooks:bell"
"""List that gets an entry with each end that is to be told. A lost entry costs a second, never a delivery."""
WEBHOOK_GONE_KEY: Final = "likeness:webhooks:gone:{digest}"
"""Marks a URL that answered 410 to a key's webhook; sha256 of both, in hex."""
WEBHOOK_COUNTS_KEY: Final = "likeness:webhooks:counts"
"""Hash: how many tries of each outcome there were."""
WEBHOOK_OUTCOMES: Final = ("delivered", "failed", "given_up", "disabled")
"""What is always told of, also before the first delivery."""
WEBHOOK_LOOK_SECONDS: Final = 60
"""How often a job is looked at that has not ended, should its end not have been told to the outbox."""
WEBHOOK_SECONDS: Final = 7 * 24 * 3600
"""How long an end that nobody delivered is kept, whatever the job's lifetime."""
WEBHOOK_GONE_SECONDS: Final = 24 * 3600

AWAITED_KEY: Final = "likeness:awaited"
"""Sorted set of the jobs that calls of other APIs wait for, as `api:owner:id`; the score is when (Unix seconds) a job
counts as left by everybody."""

RETRIES: Final = 2
"""How often a job runs again after its worker died, the first try not counted. A job with fewer left runs alone."""
HEARTBEAT_SECONDS: Final = 3
"""How often a worker says that it still holds its jobs."""
LEASE_SECONDS: Final = 15
"""A worker silent for this long has lost its jobs: they run again elsewhere."""
MAINTENANCE_SECONDS: Final = 4
"""How often a worker looks for jobs that others lost. Lost jobs run again within LEASE + 2 x MAINTENANCE."""


def queue_name(pool: str, priority: Priority) -> str:
    """Return the RQ queue of an engine pool and a priority."""
    return f"{pool}-{priority.value}"


def queue_names(pools: list[str]) -> list[str]:
    """Return every queue of the pools, those of interactive jobs first."""
    return [queue_name(pool, priority) for priority in Priority for pool in pools]


def accepted_at(job_id: str) -> float:
    """Return when a job was accepted, in Unix seconds: an id begins with the milliseconds, as 12 hex digits."""
    return int(job_id[:12], 16) / 1000


def in_lua(key: str, **parts: str) -> str:
    """Return a key's pattern as an expression of Lua: each part is the variable of its name, or what `parts` has."""
    texts = re.split(r"{(\w+)}", key)
    named = [parts.get(text, text) if index % 2 else f'"{text}"' for index, text in enumerate(texts) if text]
    return " .. ".join(named)
