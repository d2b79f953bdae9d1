"""Exact edits never wait behind another job: the whole stack, with its other worker held by a long one."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from likeness.client import Client, LikenessProblem
from likeness.contract.jobs import JobStatus
from likeness.local.supervisor import Settings, Stack
from likeness.local.valkey import free_port
from tests.support.places import DRILL_CATALOGUE, EXAMPLES
from tests.support.stacks import supervised

pytestmark = [pytest.mark.processes, pytest.mark.alone, pytest.mark.timeout(180)]


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    own = DRILL_CATALOGUE.read_text("utf-8").replace('default_for = ["recreate", "generate"]\n', "")
    catalogue = tmp_path / "catalogue.toml"
    catalogue.write_text('extends = "shipped"\n' + own.replace("timeout = 3", "timeout = 170"))
    settings = Settings(tmp_path / "home", port=free_port(), environment={"LIKENESS_CATALOGUE": str(catalogue)})
    with supervised(settings) as running:
        yield running


MIDDLE = {"left": 0.4, "top": 0.5, "width": 0.2, "height": 0.1}


def test_a_colour_and_a_print_are_made_while_the_other_worker_is_held(stack: Stack, tmp_path: Path) -> None:
    go_on = tmp_path / "go-on"
    with Client(stack.settings.url) as client:
        held = client.recreate(EXAMPLES / "cutout-soft-alpha.png", engine="drill", prompt=f"until {go_on}")
        queued = client.recreate(EXAMPLES / "cap-plaid.jpg")
        edits = [
            client.customise(EXAMPLES / "shirt-plaid.jpg", instruction="make it red"),
            client.customise(EXAMPLES / "portrait-624x807.jpg", text="Sale", place=MIDDLE),
        ]
        assert [client.wait(job, timeout=60).status for job in edits] == [JobStatus.SUCCEEDED] * 2
        made = client.job(edits[0].id).result.images[0]
        assert made.matte == f"/jobs/{edits[0].id}/images/0/matte"
        with Image.open(io.BytesIO(client.matte(edits[0]))) as matte:
            assert (matte.mode, matte.size) == ("L", (made.width, made.height))
        client.delete(edits[0])
        with pytest.raises(LikenessProblem):
            client.matte(edits[0])
        assert client.job(held.id).status is JobStatus.RUNNING
        assert client.job(queued.id).status is JobStatus.QUEUED, "there is no other worker for it"
        go_on.touch()
        assert [client.wait(job, timeout=60).status for job in (held, queued)] == [JobStatus.SUCCEEDED] * 2
