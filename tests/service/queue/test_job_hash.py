"""A job's hash is read by services of other versions than the one, or the worker, that wrote it."""

from datetime import UTC, datetime

import pytest

from likeness.contract import jobs
from likeness.contract.errors import LikenessError
from likeness.contract.jobs import (
    EngineUsed,
    JobOrder,
    JobStatus,
    MadeImage,
    Progress,
    Recipe,
    Result,
    StoredPicture,
    Timings,
    new_job_id,
)
from likeness.contract.report import Report, Verdict
from likeness.contract.tasks import Recreate
from likeness.queue import keys
from service.queue.job_hash import job_of, new_fields

PICTURE = StoredPicture(key="jobs/a/b", sha256="0" * 64, media_type="image/png", size=3)
LATER = "a field of a later version"


class LaterTask(Recreate):
    gamut: str = LATER


class LaterOrder(JobOrder):
    task: LaterTask
    colour_space: str = LATER


class LaterReport(Report):
    artistry: str = LATER


class LaterImage(MadeImage):
    report: LaterReport
    bits: str = LATER


class LaterResult(Result):
    images: list[LaterImage]
    energy: str = LATER


class LaterProgress(Progress):
    mood: str = LATER


for model in (LaterOrder, LaterImage, LaterResult):
    model.model_rebuild(_types_namespace=vars(jobs))


def hash_of(order: JobOrder, **changes: str) -> dict[bytes, bytes]:
    parts = new_fields(order, "starter-interactive", 60)
    fields = dict(zip(parts[::2], parts[1::2], strict=True)) | changes
    return {_bytes(name): _bytes(value) for name, value in fields.items()}


def _bytes(part: object) -> bytes:
    """As redis-py sends it."""
    if isinstance(part, bytes):
        return part
    return part.encode() if isinstance(part, str) else str(part).encode()


@pytest.fixture
def order() -> LaterOrder:
    return LaterOrder(
        id=new_job_id(),
        owner="shop",
        engine="starter",
        task=LaterTask(strength=0.5),
        input=PICTURE,
        created_at=datetime.now(UTC),
        batch_key="starter:a",
        timeout=5,
    )


def result() -> LaterResult:
    report = LaterReport(frame=[], fidelity=[], verdict=Verdict.ACCEPTED, reasons=[])
    image = LaterImage(picture=PICTURE, width=1, height=1, mode="RGB", format="png", seed=None, report=report)
    return LaterResult(
        images=[image],
        engine=EngineUsed(name="starter", family="autoencoder", revision="2", parameters={}),
        recipe=Recipe(engine="starter", revision="2", parameters={}, seeds=[], input_sha256="0" * 64),
        timings=Timings(),
        attempts=1,
        batch=1,
    )


def test_a_queued_job_of_a_later_service_is_read(order: LaterOrder) -> None:
    job = job_of(hash_of(order))
    assert (job.id, job.status, job.task) == (order.id, JobStatus.QUEUED, Recreate(strength=0.5))


def test_a_result_of_a_later_worker_is_read(order: LaterOrder) -> None:
    written = {keys.FIELD_RESULT: result().model_dump_json(), "status": "finished"}
    read = job_of(hash_of(order, **written)).result
    assert read is not None and LATER not in read.model_dump_json()
    assert (read.images[0].report.verdict, read.engine.revision) == (Verdict.ACCEPTED, "2")


def test_progress_of_a_later_worker_is_read(order: LaterOrder) -> None:
    told = LaterProgress(step=1, steps=4, stage="denoising").model_dump_json()
    job = job_of(hash_of(order, **{keys.FIELD_PROGRESS: told, "status": "started"}))
    assert job.progress == Progress(step=1, steps=4, stage="denoising")


def test_what_a_caller_sends_is_not_read_so_freely() -> None:
    with pytest.raises((LikenessError, ValueError), match="gamut"):
        Recreate.model_validate({"gamut": LATER})
