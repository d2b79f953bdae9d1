"""What a run shows of its jobs while it works on them."""

import asyncio
import io
import math
from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from structlog.testing import capture_logs

from likeness.contract.jobs import Progress, Result
from likeness.contract.runs import PlannedRun
from likeness.imaging.formats.decode import decode
from likeness.imaging.formats.xmp import read
from likeness.imaging.frame import Frame
from likeness.storage.pictures import PictureStore
from tests.worker.runs.test_run import SPEC, nothing_resident, order
from worker.editing.plan import EditPlan
from worker.engine import EngineTask
from worker.runs import previews
from worker.runs.context import Context
from worker.runs.previews import Previews
from worker.runs.run import Run
from worker.runs.safeguards import Safeguards
from worker.runs.scoring import UNBOUNDED
from worker.runs.state import Work


@pytest.fixture
def store() -> PictureStore:
    return PictureStore.open("memory://")


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A preview at every step, not only every so many seconds."""
    monkeypatch.setattr(previews, "PAUSE", 0.0)


class Eyes:
    """A watch that looks at a job's preview whenever it is told of a new one."""

    def __init__(self, store: PictureStore, unwanted: str = "") -> None:
        self.store, self.unwanted = store, unwanted
        self.told: list[tuple[str, int, int | None]] = []
        self.seen: dict[str, list[bytes]] = {}

    def progress(self, job_ids: Sequence[str], progress: Progress) -> set[str]:
        for job_id in job_ids:
            if progress.stage == "denoising":
                self.told.append((job_id, progress.step, progress.preview))
            if progress.preview is not None and progress.stage != "assessing":
                self.seen.setdefault(job_id, []).append(shown(self.store, job_id))
        return {self.unwanted} & set(job_ids) if progress.stage == "denoising" else set()

    def waits(self, job_ids: Sequence[str]) -> set[str]:
        return set()

    def begins(self) -> None:
        pass


def shown(store: PictureStore, job_id: str) -> bytes | None:
    return asyncio.run(store.get_preview(job_id))


def run(store: PictureStore, *orders, unwanted: str = "", safeguards: Safeguards | None = None) -> tuple[Eyes, dict]:
    eyes = Eyes(store, unwanted)
    outcomes = Run(SPEC, Context(nothing_resident(), store, safeguards=safeguards or Safeguards()), eyes).execute(
        orders
    )
    return eyes, outcomes


def encoded(size: tuple[int, int], **options) -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").resize(size).save(file, "PNG", **options)
    return file.getvalue()


def test_each_preview_is_told_of_once_it_is_there_and_gone_in_the_end(store: PictureStore, at_once: None) -> None:
    one = order(store, steps=3)
    eyes, outcomes = run(store, one)
    assert [count for _, _, count in eyes.told] == [1, 2, 3]
    assert [Image.open(io.BytesIO(data)).format for data in eyes.seen[one.id]] == ["JPEG"] * 3
    assert isinstance(outcomes[one.id], Result) and shown(store, one.id) is None


def test_it_is_the_picture_as_shown_without_padding_in_256_px(store: PictureStore, at_once: None) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    given = {(39, 63): encoded((39, 63)), (256, 110): encoded((700, 301)), (15, 256): encoded((512, 30), exif=turned)}
    for size, data in given.items():
        one = order(store, data)
        (preview,) = run(store, one)[0].seen[one.id]
        assert Image.open(io.BytesIO(preview)).size == size


def test_it_looks_like_the_picture_and_says_how_it_was_made(store: PictureStore, at_once: None) -> None:
    one = order(store, encoded((600, 600)), seed=4)
    (data,) = run(store, one)[0].seen[one.id]
    given = np.asarray(Image.open(io.BytesIO(encoded((256, 256)))), np.float32)
    assert np.abs(np.asarray(Image.open(io.BytesIO(data)), np.float32) - given).mean() < 3
    made = read(data)
    assert made is not None and (made.engine, made.seed) == ("drill", 4)
    (bare,) = run(store, one, safeguards=Safeguards(provenance=False))[0].seen[one.id]
    assert read(bare) is None


def test_a_job_of_several_candidates_shows_the_first_and_a_cancelled_one_nothing_more(
    store: PictureStore, at_once: None
) -> None:
    several, single = order(store, steps=2, candidates=2, seed=1), order(store, steps=2, seed=1)
    gone = order(store, steps=2, seed=1)
    eyes, outcomes = run(store, several, single, gone, unwanted=gone.id)
    assert eyes.seen[several.id] == eyes.seen[single.id], "seeds 1 and 2, and seed 1, of equal pictures"
    assert [count for job_id, _, count in eyes.told if job_id == gone.id] == [1, 1]
    assert set(outcomes) == {several.id, single.id}
    assert [shown(store, one.id) for one in (several, single, gone)] == [None] * 3


def test_not_before_the_pause_is_over(store: PictureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    one = order(store, steps=3)
    assert [count for _, _, count in run(store, one)[0].told] == [None] * 3
    clock = iter([0.0, 1.9, 2.1, 2.1, 4.0, 4.2, 4.2])
    monkeypatch.setattr(previews, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    several = Previews(SPEC, store, Safeguards())
    item, asked = items(store), []
    for _ in range(4):
        several.offer(item, lambda: asked.append(1) or [item[0][1].canvas])
    assert len(asked) == 2 and several.counted(["other", item[0][0].order.id]) == {
        None: ["other"],
        2: [item[0][0].order.id],
    }


def test_a_preview_that_fails_is_logged_once_and_the_job_succeeds(store: PictureStore, at_once: None) -> None:
    one = order(store, steps=3, prompt="preview")
    with capture_logs() as logs:
        eyes, outcomes = run(store, one)
    assert isinstance(outcomes[one.id], Result)
    assert [count for _, _, count in eyes.told] == [None] * 3
    assert [line["event"] for line in logs if line["log_level"] == "warning"] == [
        "a preview failed; the run shows no more"
    ]


@pytest.mark.parametrize("canvases", [[], [np.zeros((8, 8, 3), np.float32)]])
def test_a_preview_of_another_size_or_number_is_not_shown(store: PictureStore, at_once: None, canvases: list) -> None:
    item = items(store)
    made = Previews(SPEC, store, Safeguards())
    with capture_logs() as logs:
        made.offer(item, lambda: canvases)
    assert len(logs) == 1 and shown(store, item[0][0].order.id) is None


def test_what_is_not_a_number_is_shown_black(store: PictureStore, at_once: None) -> None:
    item = items(store)
    Previews(SPEC, store, Safeguards()).offer(item, lambda: [np.full_like(item[0][1].canvas, math.nan)])
    data = shown(store, item[0][0].order.id)
    assert data is not None and np.asarray(Image.open(io.BytesIO(data))).max() == 0


def test_locked_pixels_are_shown_as_they_were_given(store: PictureStore, at_once: None) -> None:
    ((work, task),) = items(store)
    region = np.zeros(task.canvas.shape[:2], np.bool_)
    region[:, :20] = True
    work.plan = EditPlan(task.canvas, under=task.canvas, region=region)
    Previews(SPEC, store, Safeguards()).offer([(work, task)], lambda: [np.ones_like(task.canvas)])
    data = shown(store, work.order.id)
    assert data is not None
    seen = np.asarray(Image.open(io.BytesIO(data)), np.float32) / 255
    assert seen[:, :8].min() > 0.9, "what may change is white"
    assert np.abs(seen[:, 28:] - task.canvas[:63, 28:39]).mean() < 0.03


class Passes:
    """A checker that withholds nothing, as far as it is asked."""

    def refuses(self, rgb) -> bool:
        return False


def test_nothing_is_shown_before_the_safety_checker_has_seen_it(store: PictureStore, at_once: None) -> None:
    one = order(store, steps=3)
    eyes, outcomes = run(store, one, safeguards=Safeguards(checker=Passes()))
    assert isinstance(outcomes[one.id], Result) and not eyes.seen


def items(store: PictureStore) -> list[tuple[Work, EngineTask]]:
    """Return one picture of 39 x 63 px to make."""
    one = order(store, encoded((39, 63)))
    given = decode(store.get(one.input), UNBOUNDED)
    frame = Frame.of(given)
    canvas = frame.canvas(given, 8, 8)
    run = PlannedRun.of(SPEC, one.task)
    return [(Work(one, run, given, frame, EditPlan(canvas), 0), EngineTask(canvas, 0, run.attempt(0)))]
