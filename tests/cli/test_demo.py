"""The demo end to end: real Valkey, service, worker and weights, on the smallest of the examples."""

import re
import shutil
import tempfile
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from likeness.cli import demo
from likeness.cli.demo import CUSTOMISATIONS, MADE_PACKSHOTS, customisations, packshots
from likeness.cli.many import Outcome, PictureRequest
from likeness.contract.catalogue import load_catalogue
from likeness.contract.report import FrameRow, Report, Verdict
from likeness.contract.runs import plan_of
from likeness.contract.tasks import Customise
from tests.cli.test_main import EXAMPLES, likeness, told

WEIGHTS = EXAMPLES.parent / "weights" / "starter"


def test_every_customisation_is_one_that_the_shipped_engines_do():
    for _, fields in CUSTOMISATIONS:
        for run in plan_of(Customise.model_validate(fields), load_catalogue()).runs:
            run.spec.resolve(run.task)


@pytest.mark.parametrize(
    ("requests_of", "edits", "kind"),
    [(customisations, CUSTOMISATIONS, "customise"), (packshots, MADE_PACKSHOTS, "packshot")],
)
def test_the_edits_rotate(requests_of, edits, kind):
    requests = requests_of([Path(f"{number}.png") for number in range(len(edits) + 1)])
    assert requests[0].fields == requests[-1].fields != requests[1].fields
    assert {request.kind for request in requests} == {kind}


@pytest.mark.parametrize(
    ("made", "equal", "verdict", "broken"),
    [
        ((8, 8), True, Verdict.ACCEPTED, False),
        ((8, 8), True, Verdict.REJECTED, False),
        ((8, 7), True, Verdict.ACCEPTED, True),
        ((8, 8), False, Verdict.REJECTED, True),
    ],
)
def test_a_rejected_picture_is_not_a_broken_one(made, equal, verdict, broken):
    frame = [FrameRow(name="mode", given="RGB", made="RGB" if equal else "L", equal=equal)]
    report = Report(frame=frame, fidelity=[], verdict=verdict, reasons=["hue_error is 40 degrees"])
    outcome = Outcome(PictureRequest(Path("a.png")), (8, 8), made, Path("out/a.png"), report)
    assert bool(outcome.broken) == broken
    assert bool(outcome.faults) == (broken or verdict is Verdict.REJECTED)


@pytest.fixture
def pictures(tmp_path) -> Path:
    if not WEIGHTS.exists():
        pytest.skip("the starter weights are not here")
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("skirt-denim.jpg", "exif-orientation-6.jpg", "cutout-soft-alpha.png"):
        shutil.copy(EXAMPLES / name, folder)
    return folder


@pytest.mark.processes
def test_every_picture_comes_back_and_one_that_is_none_is_told_with_where_the_logs_are(pictures, tmp_path):
    (pictures / "broken.jpg").write_bytes((pictures / "skirt-denim.jpg").read_bytes()[:2000])
    done = likeness("demo", "--examples", pictures, "--out", tmp_path / "out", cwd=tmp_path, TMPDIR=str(tmp_path))
    error = told(done, code=1)
    assert "broken.jpg: " in error and "broken.jpg, edited: " in error
    (home,) = tmp_path.glob("likeness-*")
    assert f"The logs are in {home / 'logs'}" in error
    assert done.stdout.count("accepted") >= 2, "the others are made all the same"
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "contact-sheet.png",
        "customised",
        "customised.png",
        "cutout-soft-alpha.png",
        "exif-orientation-6.jpg",
        "packshots",
        "packshots.png",
        "skirt-denim.jpg",
    }
    (pictures / "broken.jpg").unlink()
    for given in pictures.iterdir():
        with Image.open(given) as before, Image.open(tmp_path / "out" / given.name) as after:
            assert (after.size, after.mode, after.format) == (before.size, before.mode, before.format)


def test_what_went_well_leaves_no_state_behind(tmp_path, monkeypatch):
    photo = EXAMPLES / "cutout-soft-alpha.png"
    report = Report(frame=[], fidelity=[], verdict=Verdict.ACCEPTED, reasons=[])
    outcome = Outcome(PictureRequest(photo), (8, 8), (8, 8), photo, report)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(demo, "_run_all", lambda *_: ([outcome], [outcome], [outcome]))
    (tmp_path / "out").mkdir()
    demo.run_demo(EXAMPLES, tmp_path / "out", Console(quiet=True))
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.processes
def test_missing_weights_are_told(pictures, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    done = likeness("demo", "--examples", pictures, cwd=tmp_path, TMPDIR=str(tmp_path), LIKENESS_WEIGHTS=str(empty))
    said = told(done, code=1)
    assert re.search(r"worker-(1|retouch) cannot start", said), "whichever ends first"
