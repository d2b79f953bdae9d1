"""Orders as the service makes them, for benchmarks that hand jobs to a queue by themselves."""

from datetime import UTC, datetime

from likeness.contract.engines import EngineSpec
from likeness.contract.jobs import JobOrder, StoredPicture
from likeness.contract.runs import PlannedRun
from likeness.contract.tasks import Generate, Recreate

Size = tuple[int, int]
"""Width and height in px."""


def order_of(
    job_id: str,
    spec: EngineSpec,
    task: Generate | Recreate,
    size: Size,
    picture: StoredPicture | None = None,
) -> JobOrder:
    """Return the order of a task whose image has this size; it may take two minutes."""
    return JobOrder(
        id=job_id,
        owner="shop",
        engine=spec.name,
        task=task,
        input=picture,
        created_at=datetime.now(UTC),
        batch_key=PlannedRun.of(spec, task).batch_key(*size),
        timeout=120,
    )
