"""A job as RQ's hash: how one is written, and how one is read. The only file of the service that knows RQ."""

import json
from datetime import UTC, datetime
from typing import Any, Final

from redis import Redis
from rq.job import Job as RqJob
from rq.job import JobStatus as RqStatus
from rq.job import Retry
from rq.serializers import JSONSerializer

from likeness.contract.deliveries import WebhookLog, WebhookState
from likeness.contract.jobs import Job, JobFailure, JobOrder, JobStatus, Ordered, Progress, Result
from likeness.contract.reviews import Review
from likeness.queue import keys

STATUS: Final = {
    "queued": JobStatus.QUEUED,
    "deferred": JobStatus.QUEUED,
    "scheduled": JobStatus.QUEUED,
    "created": JobStatus.QUEUED,
    "started": JobStatus.RUNNING,
    "finished": JobStatus.SUCCEEDED,
    "failed": JobStatus.FAILED,
    "canceled": JobStatus.CANCELLED,
    "stopped": JobStatus.CANCELLED,
}

UNCONNECTED: Final = Redis()
"""RQ builds no job without a connection; this one is never used."""


def new_fields(order: JobOrder, queue: str, lifetime: int, webhook: str | None = None) -> list[Any]:
    """Return the hash of a queued job as field, value, field, value, ...; `lifetime` is in seconds."""
    job = RqJob.create(
        keys.JOB_FUNCTION,
        args=[order.model_dump(mode="json")],
        id=order.id,
        connection=UNCONNECTED,
        serializer=JSONSerializer,
        description=f"{order.task.kind} with {order.engine}",
        origin=queue,
        timeout=order.timeout,
        result_ttl=lifetime,
        failure_ttl=lifetime,
        status=RqStatus.QUEUED,
    )
    retry = Retry(max=keys.RETRIES, enqueue_at_front=True)
    job.retries_left, job.retry_intervals = retry.max, retry.intervals
    job.enqueue_at_front_on_retry = retry.enqueue_at_front
    job.enqueued_at = datetime.now(UTC)
    fields = {
        **job.to_dict(),
        keys.FIELD_OWNER: order.owner,
        keys.FIELD_KIND: order.task.kind,
        keys.FIELD_BATCH_KEY: order.batch_key,
        **({} if webhook is None else {keys.FIELD_WEBHOOK: webhook}),
    }
    if order.traceparent is not None:
        fields[keys.FIELD_TRACEPARENT] = order.traceparent
    return [part for item in fields.items() for part in item]


def queued_job(order: JobOrder, position: int) -> Job:
    """Return a job that was just accepted."""
    return Job(
        **{name: getattr(order, name) for name in Ordered.model_fields},
        status=JobStatus.QUEUED,
        reproduces=order.reproduces.job if order.reproduces else None,
        position=position,
    )


def job_of(fields: dict[bytes, bytes]) -> Job:
    """Return the job that a hash describes. A result or an error counts only with the status that goes with it.

    Fields that are not known are passed over: workers are upgraded before the service, and services one by one.
    """
    rq_job = RqJob("unread", serializer=JSONSerializer, connection=UNCONNECTED)
    rq_job.restore(fields)
    status = STATUS[fields[b"status"].decode()]
    progress = fields.get(keys.FIELD_PROGRESS.encode()) if status is JobStatus.RUNNING else None
    result = fields.get(keys.FIELD_RESULT.encode()) if status is JobStatus.SUCCEEDED else None
    error = fields.get(keys.FIELD_ERROR.encode()) if status is JobStatus.FAILED else None
    return queued_job(JobOrder.model_validate(rq_job.args[0], extra="ignore"), 0).model_copy(
        update={
            "status": status,
            "position": None,
            "started_at": rq_job.started_at,
            "ended_at": rq_job.ended_at if status.ended else None,
            "progress": Progress.model_validate_json(progress, extra="ignore") if progress else None,
            "result": Result.model_validate_json(result, extra="ignore") if result else None,
            "error": JobFailure.model_validate(json.loads(error), extra="ignore") if error else None,
            "reviews": _reviews(fields),
            **_told(fields, status),
        }
    )


def _reviews(fields: dict[bytes, bytes]) -> list[Review]:
    """Return what people said of the job's result, oldest first."""
    prefix = keys.FIELD_REVIEW.encode()
    found = [Review.model_validate_json(fields[name], extra="ignore") for name in fields if name.startswith(prefix)]
    return sorted(found, key=lambda review: (review.at, review.by))


def _told(fields: dict[bytes, bytes], status: JobStatus) -> dict[str, Any]:
    """Return the fields of Job about its webhook; none if it has no webhook."""
    if (url := fields.get(keys.FIELD_WEBHOOK.encode())) is None:
        return {}
    if said := fields.get(keys.FIELD_DELIVERIES.encode()):
        return {"webhook": url.decode(), "told": WebhookLog.model_validate_json(said, extra="ignore")}
    return {
        "webhook": url.decode(),
        "told": WebhookLog(state=WebhookState.PENDING if status.ended else WebhookState.WAITING),
    }
