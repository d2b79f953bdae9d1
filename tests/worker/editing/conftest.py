"""Customising with the shipped weights and without a queue."""

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import Image

from likeness.contract.catalogue import load_catalogue
from likeness.contract.jobs import JobOrder, Result, new_job_id
from likeness.contract.tasks import Customise
from likeness.imaging.assessment.assess import WITHOUT_NETWORKS
from likeness.imaging.assessment.learned import LearnedMetrics
from likeness.storage.pictures import PictureStore
from tests.support.engines import shipped
from tests.worker.runs.test_run import Told
from worker.residency.engines import Residents
from worker.runs.context import Context, Outcome
from worker.runs.run import Run


@pytest.fixture(scope="module")
def residents() -> Residents:
    return shipped()


@pytest.fixture(scope="module")
def store() -> PictureStore:
    return PictureStore.open("memory://")


def outcome(
    residents: Residents,
    store: PictureStore,
    data: bytes,
    files: dict[str, bytes],
    metrics: LearnedMetrics = WITHOUT_NETWORKS,
    **fields: Any,
) -> Outcome:
    task = Customise(**fields | dict.fromkeys(files, "file"))
    catalogue = load_catalogue()
    spec = catalogue.choose(task, catalogue.missing(()))
    job_id = new_job_id()
    kind = Image.open(io.BytesIO(data)).format.lower()
    order = JobOrder(
        id=job_id,
        owner="tests",
        engine=spec.name,
        task=task,
        input=store.put(job_id, data, f"image/{kind}"),
        files={name: store.put(job_id, file, "image/png") for name, file in files.items()},
        created_at=datetime.now(UTC),
        batch_key="one",
        timeout=60,
    )
    return Run(spec, Context(residents, store, metrics=metrics), Told()).execute([order])[job_id]


@pytest.fixture
def customised(residents: Residents, store: PictureStore):
    def run(data: bytes, files: dict[str, bytes] | None = None, **fields: Any) -> tuple[Result, bytes]:
        result = outcome(residents, store, data, files or {}, seed=fields.pop("seed", 1), **fields)
        assert isinstance(result, Result), result
        return result, store.get(result.images[0].picture)

    return run
