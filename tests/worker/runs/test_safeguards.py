"""What every picture passes on its way out of a run: checked, marked, signed, brought back from its drift."""

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from likeness.contract.errors import NotReady
from likeness.contract.jobs import Result
from likeness.contract.tasks import Customise
from likeness.files.content_credentials import check
from likeness.imaging.formats.xmp import DigitalSource, read
from likeness.storage.pictures import PictureStore
from tests.support.certificates import certified
from tests.support.places import EXAMPLES
from tests.worker.drill import CATALOGUE
from tests.worker.networks.checkers import write_checker
from tests.worker.runs.test_run import SPEC, Told, order
from worker.components import Components, Weights
from worker.config import Settings
from worker.engine import EngineTask
from worker.residency.engines import Residents
from worker.runs.context import Context, Outcome
from worker.runs.run import Run
from worker.runs.safeguards import CHECKER, Safeguards, provenance_of

EXAMPLE = EXAMPLES / "sweater-printed.jpg"


@pytest.fixture
def store() -> PictureStore:
    return PictureStore.open("memory://")


def components(models: Path) -> Components:
    return Components(Weights(models, models), "cpu")


def run(store: PictureStore, one, safeguards: Safeguards | None = None, **changed) -> Outcome:
    spec = SPEC.model_copy(update=changed)
    context = Context(Residents(components(Path("none"))), store, safeguards=safeguards or Safeguards())
    return Run(spec, context, Told()).execute([one])[one.id]


def files(store: PictureStore, result: Outcome) -> list[bytes]:
    assert isinstance(result, Result), result
    return [store.get(image.picture) for image in result.images]


class Flags:
    """A checker that refuses pictures as its list says, one after the other."""

    def __init__(self, *refused: bool) -> None:
        self.refused, self.seen = list(refused), []

    def refuses(self, rgb) -> bool:
        self.seen.append(rgb.shape)
        return self.refused.pop(0)


def photo() -> bytes:
    with Image.open(EXAMPLE) as image:
        image.thumbnail((200, 200))
        file = io.BytesIO()
        image.save(file, "PNG")
    return file.getvalue()


def test_every_file_says_by_what_and_from_what_it_was_made(store: PictureStore) -> None:
    one = order(store, seed=5, candidates=2, keep="all", prompt='a <red> & "blue" shirt')
    result = run(store, one)
    said = [read(data) for data in files(store, result)]
    assert [each.seed for each in said] == [image.seed for image in result.images]
    for each in said:
        assert (each.source, each.engine, each.revision) == (DigitalSource.TRAINED, "drill", SPEC.revision)
        assert each.parameters == result.recipe.parameters and each.parameters["prompt"] == 'a <red> & "blue" shirt'
        assert each.input_sha256 == one.input.sha256


def test_a_customised_picture_is_a_composite_and_its_adapters_are_named(store: PictureStore) -> None:
    task = Customise(instruction="make it red")
    one = order(store).model_copy(update={"task": task})
    asked = EngineTask(np.zeros((8, 8, 3), np.float32), 1, {"steps": 4}, loras={"line-art": 0.8})
    said = provenance_of(SPEC, one, asked, 1)
    assert said.source is DigitalSource.COMPOSITE and said.parameters == {
        "steps": 4,
        "instruction": "make it red",
        "lora:line-art": 0.8,
    }


def test_the_provenance_can_be_left_out_and_changes_no_pixel(store: PictureStore) -> None:
    one = order(store, seed=5)
    [marked], [bare] = (files(store, run(store, one, Safeguards(provenance=on))) for on in (True, False))
    assert read(marked) and read(bare) is None
    assert np.array_equal(*(np.asarray(Image.open(io.BytesIO(data))) for data in (marked, bare)))


def test_the_same_job_gives_the_same_bytes(store: PictureStore) -> None:
    assert files(store, run(store, order(store, seed=5))) == files(store, run(store, order(store, seed=5)))


def test_a_signed_file_is_valid_and_measured_as_it_is_delivered(store: PictureStore, tmp_path: Path) -> None:
    chain, key = certified(tmp_path)
    safeguards = Safeguards.of(Settings(c2pa_certificate=chain, c2pa_key=key), components(tmp_path))
    result = run(store, order(store, seed=5), safeguards)
    [data] = files(store, result)
    assert check(data).valid and read(data).seed == 5 and result.images[0].report.frame_equal


def test_what_is_flagged_is_neither_stored_nor_returned_and_the_others_say_so(store: PictureStore) -> None:
    one = order(store, seed=1, candidates=3, keep="all")
    checker = Flags(True, False, True)
    result = run(store, one, Safeguards(checker=checker))
    assert [image.seed for image in result.images] == [2] and checker.seen == [(63, 39, 3)] * 3
    assert result.images[0].report.reasons[-1] == "the safety checker withheld 2 other candidates"
    assert len(_stored(store, one.id)) == 2, "the input and one image"


def test_another_attempt_is_made_when_all_of_one_were_flagged(store: PictureStore) -> None:
    result = run(store, order(store, attempts=3, seed=1), Safeguards(checker=Flags(True, False)))
    assert result.attempts == 2 and result.images[0].seed == 2


@pytest.mark.parametrize("fires", [True, False])
def test_a_job_with_nothing_but_flagged_pictures_fails(store: PictureStore, tmp_path: Path, fires: bool) -> None:
    write_checker(tmp_path / CHECKER, fires)
    safeguards = Safeguards.of(Settings(safety="reject"), components(tmp_path))
    one = order(store, candidates=2)
    outcome = run(store, one, safeguards)
    if fires:
        assert outcome.code == "unsafe_result" and outcome.fault == "caller"
        assert len(_stored(store, one.id)) == 1, "nothing but the input"
    else:
        assert isinstance(outcome, Result) and outcome.images[0].report.reasons == ["frame equal; every threshold met"]


def test_a_checker_that_breaks_fails_the_job_and_gives_nothing_out(store: PictureStore) -> None:
    one = order(store)
    outcome = run(store, one, Safeguards(checker=Flags()))
    assert outcome.code == "engine_failed" and len(_stored(store, one.id)) == 1


@pytest.mark.parametrize("drifts", [True, False])
def test_an_engine_that_is_known_to_drift_is_brought_back(store: PictureStore, drifts: bool) -> None:
    image = run(store, order(store, photo(), prompt="drift", thresholds={}), drifts=drifts).images[0]
    lay = image.report.registration
    if not drifts:
        assert lay is None and image.report.score("drift") == pytest.approx(np.hypot(2, 1), abs=0.2)
        return
    assert lay.undone and (lay.right, lay.down) == pytest.approx((2, 1), abs=0.2)
    assert image.report.score("drift") < 0.2 and image.report.score("ssim") > 0.9


def test_an_engine_that_did_not_drift_this_time_is_left(store: PictureStore) -> None:
    one = order(store, photo(), seed=3)
    left, plain = (run(store, one, drifts=drifts) for drifts in (True, False))
    assert not left.images[0].report.registration.undone and files(store, left) == files(store, plain)


MISSING = [
    {"safety": "reject"},
    {"c2pa_certificate": "none.pem", "c2pa_key": "none.pem"},
    {"c2pa_certificate": "none.pem"},
    {"c2pa_key": "none.pem"},
]


@pytest.mark.parametrize("settings", MISSING, ids=lambda settings: " ".join(settings))
def test_what_is_set_but_missing_is_told_at_the_start(tmp_path: Path, settings: dict[str, str]) -> None:
    with pytest.raises(NotReady):
        Safeguards.of(Settings(**settings), components(tmp_path))


def test_no_worker_starts_without_a_safeguard_it_is_set_to_use(tmp_path: Path) -> None:
    certificate, _ = certified(tmp_path)
    settings = {"DEVICE": "cpu", "CATALOGUE": str(CATALOGUE), "C2PA_CERTIFICATE": str(certificate), "C2PA_KEY": "none"}
    environment = os.environ | {f"LIKENESS_{name}": value for name, value in settings.items()}
    done = subprocess.run([sys.executable, "-m", "worker"], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "cannot sign" in done.stderr and "Traceback" not in done.stderr


def _stored(store: PictureStore, job_id: str) -> list[str]:
    return [one["path"] for batch in store._store.list(f"jobs/{job_id}") for one in batch]
