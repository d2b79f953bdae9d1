"""The recreation benchmark runs: nothing else calls it between two releases."""

from pathlib import Path

import pytest

from benchmarks.recreation import recreate
from likeness.contract.catalogue import load_catalogue
from likeness.contract.tasks import Recreate
from tests.support.places import ROOT
from worker.config import Settings
from worker.residency.engines import Residents

EXAMPLES = sorted((ROOT / "examples").glob("*.jpg"))[:2]


@pytest.mark.parametrize("picture", EXAMPLES, ids=lambda path: path.name)
def test_a_picture_is_recreated_and_measured(picture: Path) -> None:
    spec = load_catalogue().find("starter")
    candidate, seconds = recreate(Residents.of(Settings()), spec, picture.read_bytes(), Recreate())
    assert candidate.report.frame_equal and (candidate.report.score("psnr") or 0) > 20 and seconds > 0
