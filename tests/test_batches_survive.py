"""A batch goes on whatever dies: the whole stack, with each of its programs killed while items wait."""

import io
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from likeness.client import Client, RemoteBatch, Retries
from likeness.contract.batches import BatchState
from likeness.local.supervisor import Settings, Stack
from likeness.local.valkey import free_port
from tests.support.places import DRILL_CATALOGUE
from tests.support.stacks import killed, supervised

pytestmark = [pytest.mark.processes, pytest.mark.alone, pytest.mark.timeout(240)]
ITEMS = 60


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    environment = {"LIKENESS_CATALOGUE": str(DRILL_CATALOGUE), "LIKENESS_BATCH_WINDOW": "12"}
    with supervised(Settings(tmp_path, port=free_port(), environment=environment)) as running:
        yield running


def picture(number: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (16, 16), (number, 120, 60)).save(file, "PNG")
    return file.getvalue()


def until(client: Client, batch: RemoteBatch, ended: int) -> RemoteBatch:
    limit = time.monotonic() + 120
    while (now := client.batch(batch)).counts.ended < ended:
        assert time.monotonic() < limit, now
        time.sleep(0.1)
    return now


def test_every_job_ends_once_though_everything_is_killed(stack: Stack) -> None:
    with Client(stack.settings.url, retries=Retries(attempts=12)) as client:
        items = [
            {"reference": f"SKU-{number}", "image": {"upload": client.upload(picture(number))}}
            for number in range(ITEMS)
        ]
        batch = client.submit_batch([{"name": "a", "kind": "recreate", "steps": 5}], items)
        for number, name in enumerate(("feeder", "worker-1", "service", "valkey", "feeder"), start=1):
            until(client, batch, 4 * number)
            killed(stack, name)
        until(client, batch, ITEMS)
        limit = time.monotonic() + 30
        while client.batch(batch).state is not BatchState.ENDED and time.monotonic() < limit:
            time.sleep(0.1)
        now = client.batch(batch)
        assert (now.state, now.counts.succeeded) == (BatchState.ENDED, ITEMS)
        rows = client.manifest(batch).rows
        assert [row.reference for row in rows] == [item["reference"] for item in items]
        assert all(row.sha256 and row.attempt == 1 for row in rows)
        assert sum(day.accepted for day in client.usage(2).days) == ITEMS, "and no job was made twice"
