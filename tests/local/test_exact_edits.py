"""Exact edits never wait behind another job: the whole stack, with its other worker held by a long one."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from likeness.client import Client
from likeness.contract.jobs import JobStatus
from likeness.local.supervisor import Settings, Stack
from likeness.local.valkey import free_port
from tests.support.places import DRILL_CATALOGUE, EXAMPLES

pytestmark = [pytest.mark.processes, pytest.mark.alone, pytest.mark.timeout(180)]


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    own = DRILL_CATALOGUE.read_text("utf-8").replace('default_for = ["recreate", "generate"]\n', "")
    catalogue = tmp_path / "catalogue.toml"
    catalogue.write_text('extends = "shipped"\n' + own.replace("timeout = 3", "timeout = 170"))
    settings = Settings(tmp_path / "home", port=free_port(), environment={"LIKENESS_CATALOGUE": str(catalogue)})
    with Stack(settings, print) as running:
        running.wait_until_ready()
        keeping = threading.Thread(target=running.keep_running, daemon=True)
        keeping.start()
        yield running
        running.ask_to_stop()
        keeping.join()


def test_a_colour_and_a_print_are_made_while_the_other_worker_is_held(stack: Stack, tmp_path: Path) -> None:
    go_on = tmp_path / "go-on"
    with Client(stack.settings.url) as client:
        held = client.recreate(EXAMPLES / "cutout-soft-alpha.png", engine="drill", prompt=f"until {go_on}")
        queued = client.recreate(EXAMPLES / "cap-plaid.jpg")
        edits = [
            client.customise(EXAMPLES / "shirt-plaid.jpg", instruction="make it red"),
            client.customise(EXAMPLES / "shirt-plaid.jpg", text="Sale"),
        ]
        assert [client.wait(job, timeout=60).status for job in edits] == [JobStatus.SUCCEEDED] * 2
        assert client.job(held.id).status is JobStatus.RUNNING
        assert client.job(queued.id).status is JobStatus.QUEUED, "there is no other worker for it"
        go_on.touch()
        assert [client.wait(job, timeout=60).status for job in (held, queued)] == [JobStatus.SUCCEEDED] * 2
