"""A comparison and a reproduction, from a stored order to stored and measured images, without a queue."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from likeness.contract.catalogue import Catalogue, load_catalogue
from likeness.contract.comparison import Compare, JobTask
from likeness.contract.errors import EngineFailed, InputLost
from likeness.contract.jobs import JobOrder, Original, Progress, Reproduces, Result, new_job_id
from likeness.contract.runs import task_again
from likeness.contract.tasks import Recreate
from likeness.imaging.assessment.contact_sheet import comparison_sheet
from likeness.storage.pictures import PictureStore
from tests.imaging.files import PNG_KINDS, picture, png_file, saved
from tests.imaging.files import photo as gradient
from tests.support.places import DRILL_CATALOGUE
from tests.worker.runs.test_run import SPEC, Told
from worker.components import Components, Weights
from worker.residency.engines import Residents
from worker.runs.comparison import small
from worker.runs.context import Context, Outcome
from worker.runs.dispatch import outcomes_of

CATALOGUE = DRILL_CATALOGUE
DRILLS = load_catalogue(CATALOGUE)


class Places(Told):
    """A watch that also remembers which run of how many each step was of."""

    def __init__(self, unwanted: set[str] | None = None, from_run: int = 0) -> None:
        super().__init__(unwanted)
        self.places: list[tuple[int | None, int | None, int]] = []
        self.from_run = from_run

    def progress(self, job_ids: Sequence[str], progress: Progress) -> set[str]:
        if progress.stage == "denoising":
            self.places.append((progress.run, progress.runs, progress.step))
        late = progress.stage == "denoising" and (progress.run or 0) >= self.from_run
        return self.unwanted if late else set()


@pytest.fixture
def store() -> PictureStore:
    return PictureStore.open("memory://")


def photo(size: tuple[int, int] = (39, 63), **options) -> bytes:
    noise = np.random.default_rng(3).integers(60, 180, (21, 13, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).resize(size).save(file, "PNG", **options)
    return file.getvalue()


def order(store: PictureStore, task: JobTask, data: bytes | None = None, **more) -> JobOrder:
    job_id = new_job_id()
    return JobOrder(
        id=job_id,
        owner="tests",
        engine="drill",
        task=task,
        input=store.put(job_id, data or photo(), "image/png"),
        created_at=datetime.now(UTC),
        batch_key="drill:alone",
        timeout=60,
        **more,
    )


def ended(
    store: PictureStore, one: JobOrder, watch: Told | None = None, catalogue: Catalogue = DRILLS
) -> Outcome | None:
    residents = Residents(Components(Weights(Path("none"), Path("none")), "cpu"))
    return outcomes_of([one], Context(residents, store, catalogue), watch or Told()).get(one.id)


def compared(store: PictureStore, *runs: dict, **task) -> Result:
    outcome = ended(store, order(store, Compare(task=Recreate(**task), runs=list(runs))))
    assert isinstance(outcome, Result), outcome
    return outcome


def test_every_run_has_its_row_and_its_image_best_first(store: PictureStore) -> None:
    result = compared(store, {"steps": [1, 2], "strength": [0.0, 0.1]}, {"engine": "drill"}, seed=5)
    rows = result.comparison.runs
    assert sorted(row.run for row in rows) == [0, 1, 2, 3, 4] and [row.rank for row in rows] == [1, 2, 3, 4, 5]
    assert [row.image for row in rows] == [0, 1, 2, 3, 4] and len(result.images) == 5
    merits = [row.merit for row in rows]
    assert merits == sorted(merits, reverse=True)
    for row, image in zip(rows, result.images, strict=True):
        assert all(row.parameters[name] == value for name, value in image.recipe.parameters.items())
        assert image.recipe.seeds == [5], "also where it changes nothing"
        assert row.verdict is image.report.verdict
        assert row.seconds > 0 and row.timings.queued == 0
    assert result.recipe == result.images[0].recipe
    assert result.timings.denoising == pytest.approx(sum(row.timings.denoising for row in rows))


def test_without_a_seed_all_runs_share_one(store: PictureStore) -> None:
    rows = compared(store, {"strength": [0.1, 0.2]}, {"strength": 0.3}).comparison.runs
    assert len({row.parameters["seed"] for row in rows}) == 1
    assert rows[0].parameters["seed"] != compared(store, {"strength": 0.1}).comparison.runs[0].parameters["seed"]


def test_values_of_a_seed_are_kept(store: PictureStore) -> None:
    result = compared(store, {"seed": [3, 4]})
    assert sorted(image.seed for image in result.images) == [3, 4]


def test_a_run_that_fails_leaves_the_others(store: PictureStore) -> None:
    result = compared(store, {"prompt": ["", "raise"], "seed": 1})
    made, failed = result.comparison.runs
    assert (made.run, made.image, made.error) == (0, 0, None)
    assert (failed.run, failed.rank, failed.image, failed.merit) == (1, None, None, None)
    assert failed.error.code == "engine_failed" and "a drill" in failed.error.detail
    assert len(result.images) == 1 and result.comparison.recommendation.run == 0


def test_when_all_runs_fail_the_job_does(store: PictureStore) -> None:
    outcome = ended(store, order(store, Compare(runs=[{"prompt": "raise", "steps": [1, 2]}])))
    assert isinstance(outcome, EngineFailed) and outcome.detail.startswith("every run failed; the first: ")


def test_a_run_past_its_own_bound_fails_alone(store: PictureStore) -> None:
    slow = Catalogue(engine=[SPEC.model_copy(update={"timeout": 1})])
    outcome = ended(store, order(store, Compare(runs=[{"steps": [100, 1]}])), catalogue=slow)
    assert isinstance(outcome, Result)
    made, late = outcome.comparison.runs
    assert (made.run, late.run, late.error.code) == (1, 0, "timeout")


def test_progress_tells_which_run_it_is_of(store: PictureStore) -> None:
    watch = Places()
    ended(store, order(store, Compare(runs=[{"steps": [2, 1]}])), watch)
    assert watch.places == [(1, 2, 1), (1, 2, 2), (2, 2, 1)]


def test_an_unwanted_comparison_stops_at_that_step_and_starts_no_other_run(store: PictureStore) -> None:
    one = order(store, Compare(runs=[{"steps": [2, 9, 9]}]))
    watch = Places({one.id}, from_run=2)
    assert ended(store, one, watch) is None
    assert watch.places == [(1, 3, 1), (1, 3, 2), (2, 3, 1)]


def test_a_bad_input_fails_the_job_as_it_does_any_other(store: PictureStore) -> None:
    assert ended(store, order(store, Compare(runs=[{}]), b"no picture")).code == "invalid_picture"
    gone = order(store, Compare(runs=[{}]))
    assert isinstance(ended(PictureStore.open("memory://"), gone), InputLost)


def test_the_sheet_shows_the_given_picture_and_each_run(store: PictureStore) -> None:
    result = compared(store, {"prompt": ["", "raise"], "strength": [0.0, 0.1], "seed": 2})
    sheet = Image.open(io.BytesIO(store.get(result.comparison.sheet)))
    assert sheet.format == "PNG" and sheet.mode == "RGB"
    assert sheet.width == 4 * 272 + 16 and sheet.height > 2 * 256


@pytest.mark.parametrize("kind", [*PNG_KINDS, "jpeg-cmyk"])
def test_a_picture_of_any_kind_is_made_small_for_the_sheet(kind: str) -> None:
    data = saved(gradient("CMYK", 300, 500), "JPEG") if kind == "jpeg-cmyk" else png_file(kind, 300, 500, 1)
    given = picture(data)
    shown = small(given)
    assert (shown.size, given.pixels.size) == ((154, 256), (300, 500))
    assert comparison_sheet([("original", shown, [])]).mode == "RGB"


def test_a_turned_picture_keeps_its_frame_in_every_run(store: PictureStore) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    task = Compare(runs=[{"steps": [1, 2]}])
    outcome = ended(store, order(store, task, photo((40, 24), exif=exif)))
    assert all(image.report.frame_equal for image in outcome.images)


def original(store: PictureStore, result: Result, number: int = 0, **changes) -> Original:
    image = result.images[number]
    recipe = image.recipe or result.recipe
    pinned = recipe.model_copy(
        update={
            "task": task_again(recipe, image, recipe.task),
            "seeds": [image.seed] if image.seed is not None else [],
            **changes,
        }
    )
    return Original(picture=image.picture, recipe=pinned)


def again(store: PictureStore, *originals: Original, watch: Told | None = None, data: bytes | None = None):
    return ended(store, order(store, Recreate(), data, reproduces=Reproduces(job="j0", originals=originals)), watch)


def test_a_recipe_gives_the_same_bytes_again(store: PictureStore) -> None:
    one = order(store, Recreate(candidates=3, keep="all", strength=0.2))
    first = ended(store, one)
    second = again(store, *[original(store, first, number) for number in range(3)])
    assert second.reproduction.job == "j0"
    assert [row.sameness for row in second.reproduction.images] == ["bitwise"] * 3
    assert [row.reasons for row in second.reproduction.images] == [["every byte is equal"]] * 3
    assert [image.picture.sha256 for image in second.images] == [image.picture.sha256 for image in first.images]
    assert [row.image for row in second.reproduction.images] == [0, 1, 2]


def test_another_seed_is_told_with_figures(store: PictureStore) -> None:
    first = ended(store, order(store, Recreate(seed=1, strength=0.2)))
    other = original(store, first)
    task = other.recipe.task.model_copy(update={"seed": 2})
    row = again(store, other.model_copy(update={"recipe": other.recipe.model_copy(update={"task": task})}))
    (row,) = row.reproduction.images
    assert row.sameness in ("perceptual", "different")
    assert {score.name for score in row.figures} == {"ssim", "psnr", "delta_e"}
    assert any("the seed differs: 1 then, 2 now" in reason for reason in row.reasons)
    ssim = next(score.value for score in row.figures if score.name == "ssim")
    assert (row.sameness == "perceptual") == (ssim >= 0.98)


def test_what_is_known_to_differ_is_told(store: PictureStore) -> None:
    first = ended(store, order(store, Recreate(seed=1)))
    changes = {"revision": "0", "device": "a GPU of old", "parameters": {**first.recipe.parameters, "strength": 0.9}}
    (row,) = again(store, original(store, first, **changes)).reproduction.images
    told = "; ".join(row.reasons)
    assert row.sameness == "bitwise", "it differs by name only"
    assert "revision of the engine differs: 0 then, 1 now" in told and "device differs: a GPU of old then, cpu" in told


def test_an_image_that_cannot_be_made_again_leaves_the_others(store: PictureStore) -> None:
    first = ended(store, order(store, Recreate(seed=1)))
    good = original(store, first)
    task = good.recipe.task.model_copy(update={"prompt": "raise"})
    bad = good.model_copy(update={"recipe": good.recipe.model_copy(update={"task": task})})
    result = again(store, bad, good)
    failed, made = result.reproduction.images
    assert (failed.error.code, failed.image, made.image, made.sameness) == ("engine_failed", None, 0, "bitwise")
    assert isinstance(again(store, bad), EngineFailed), "when none can be made, the job fails"


def test_an_unwanted_reproduction_stops(store: PictureStore) -> None:
    first = original(store, ended(store, order(store, Recreate(seed=1, steps=3))))
    one = order(store, Recreate(), reproduces=Reproduces(job="j0", originals=[first, first]))
    watch = Places({one.id}, from_run=1)
    assert ended(store, one, watch) is None and watch.places == [(1, 2, 1)]


def test_a_request_file_may_ask_for_a_comparison(tmp_path: Path) -> None:
    (tmp_path / "given.png").write_bytes(photo())
    request = {"kind": "compare", "image": "given.png", "runs": [{"steps": [1, 2]}]}
    (tmp_path / "request.json").write_text(json.dumps(request))
    environment = {**os.environ, "LIKENESS_CATALOGUE": str(CATALOGUE), "LIKENESS_DEVICE": "cpu"}
    command = [sys.executable, "-m", "worker.once", str(tmp_path / "request.json"), str(tmp_path / "out")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"0.png", "1.png", "sheet.png", "result.json"}
    assert len(json.loads((tmp_path / "out/result.json").read_text())["comparison"]["runs"]) == 2
