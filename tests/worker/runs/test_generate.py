"""Whole jobs that make a picture from text: with every engine that can, on small models, and with the drill."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from likeness.contract.catalogue import load_catalogue
from likeness.contract.jobs import JobOrder, Original, Reproduces, Result, new_job_id
from likeness.contract.tasks import Generate
from likeness.imaging.assessment.learned import LearnedMetrics, Unmeasured
from likeness.imaging.assessment.scores import scored
from likeness.imaging.assessment.tripwires import NOT_FINITE
from likeness.imaging.formats.decode import decode
from likeness.imaging.formats.xmp import DigitalSource, read
from likeness.storage.pictures import PictureStore
from tests.support.places import DRILL_CATALOGUE
from tests.worker.engines.test_families import FULL, engine, made, models, residents, small, task  # noqa: F401  fixtures
from tests.worker.metrics.models import save_clip
from tests.worker.runs.test_run import Told, nothing_resident
from worker.engine import Engine, EngineTask
from worker.metrics.installed import InstalledMetrics
from worker.once import Unwatched, ordered
from worker.residency.engines import Residents
from worker.runs.context import Context, Outcome
from worker.runs.dispatch import outcomes_of
from worker.runs.run import Run
from worker.runs.scoring import UNBOUNDED

DRILLS = load_catalogue(DRILL_CATALOGUE)
NAMES = [spec.name for spec in FULL if "generate" in spec.kinds]


@pytest.fixture
def store() -> PictureStore:
    return PictureStore.open("memory://")


def item(**fields) -> Generate:
    return Generate(**{"prompt": "a red shirt", "width": 101, "height": 67, "seed": 1, **fields})


def order(store: PictureStore, asked: Generate, catalogue=DRILLS) -> JobOrder:
    return ordered(asked, None, {}, catalogue, store, lambda _spec: True)[1]


def generated(residents: Residents, store: PictureStore, name: str, **fields) -> Result:  # noqa: F811
    one = order(store, item(engine=name, steps=2, **fields), load_catalogue())
    outcome = Run(small(load_catalogue().find(name)), Context(residents, store), Unwatched()).execute([one])[one.id]
    assert isinstance(outcome, Result), outcome
    return outcome


def drilled(store: PictureStore, watch: Told | None = None, metrics: LearnedMetrics | None = None, **fields) -> Outcome:
    one = order(store, item(**fields))
    context = Context(nothing_resident(), store, metrics=metrics or Unmeasured())
    run = Run(DRILLS.find("drill"), context, watch or Told())
    return run.execute([one])[one.id]


@pytest.mark.parametrize("name", NAMES)
def test_a_whole_job_gives_the_size_that_was_asked(residents: Residents, store: PictureStore, name: str) -> None:  # noqa: F811
    result = generated(residents, store, name)
    (made,) = result.images
    data = store.get(made.picture)
    picture = decode(data, UNBOUNDED)
    assert (picture.pixels.size, picture.pixels.mode, made.format) == ((101, 67), "RGB", "png")
    assert made.report.frame_equal and made.report.score("ssim") is None
    assert result.recipe.parameters.get("strength", 1.0) == 1.0 and result.recipe.input_sha256 is None
    assert (result.recipe.task.width, result.recipe.seeds) == (101, [1])
    said = read(data)
    assert (said.source, said.seed, said.input_sha256) == (DigitalSource.TRAINED, 1, None)
    assert result.caption is None and result.caption_reason is None


@pytest.mark.parametrize("name", ["sd15", "sdxl", "kandinsky22"])
def test_seed_and_text_decide_and_the_engine_reads_no_canvas(engine: Callable[[str], Engine], name: str) -> None:  # noqa: F811
    one = replace(task(name, parameters={"strength": 1.0}), from_scratch=True)
    first, other_canvas, seed, text = (
        made(engine(name), each)[0]
        for each in (
            one,
            replace(one, canvas=np.zeros_like(one.canvas)),
            replace(one, seed=2),
            replace(one, text="a blue sock on grass"),
        )
    )
    assert (first == other_canvas).all() and (first != seed).any() and (first != text).any()


@pytest.mark.parametrize("name", ["sd15", "sdxl", "kandinsky22"])
def test_the_same_bytes_alone_and_in_a_batch(engine: Callable[[str], Engine], name: str) -> None:  # noqa: F811
    def from_scratch(seed: int) -> EngineTask:
        return replace(task(name, seed=seed, parameters={"strength": 1.0}), from_scratch=True)

    alone = [made(engine(name), from_scratch(seed))[0] for seed in (1, 2)]
    batch = made(engine(name), from_scratch(2), from_scratch(1))
    assert (batch[0] == alone[1]).all() and (batch[1] == alone[0]).all()


def test_it_is_cancelled_within_a_step(store: PictureStore) -> None:
    one = order(store, item(steps=9))
    watch = Told({one.id}, from_step=2)
    outcomes = Run(DRILLS.find("drill"), Context(nothing_resident(), store), watch).execute([one])
    assert outcomes == {} and max(step for _, step in watch.steps) == 2


@pytest.mark.parametrize(("prompt", "said"), [("black", "the image is black"), ("nan", NOT_FINITE)])
def test_a_broken_picture_is_rejected(store: PictureStore, prompt: str, said: str) -> None:
    result = drilled(store, prompt=prompt, attempts=2)
    assert result.attempts == 2 and said in result.images[0].report.reasons


@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
def test_it_comes_in_the_format_that_was_asked(store: PictureStore, format: str) -> None:
    (made,) = drilled(store, format=format).images
    assert decode(store.get(made.picture), UNBOUNDED).format == made.format == format
    assert made.report.frame_equal


def test_the_best_of_several_has_the_highest_clip_score(store: PictureStore, tmp_path: Path) -> None:
    save_clip(tmp_path)
    every = drilled(store, metrics=InstalledMetrics(tmp_path, "cpu"), candidates=4, keep="all").images
    scores = [image.report.score("clip_score") for image in every]
    assert len(set(scores)) == 4 and scores == sorted(scores, reverse=True)
    assert all(score.reason == "against 'a red shirt'" for score in every[0].report.fidelity if score.value is not None)


def test_without_clip_the_first_seed_is_kept_and_the_reason_told(store: PictureStore, tmp_path: Path) -> None:
    result = drilled(store, metrics=InstalledMetrics(tmp_path, "cpu"), candidates=3)
    (score,) = (one for one in result.images[0].report.fidelity if one.name == "clip_score")
    assert score == scored("clip_score", None, "not installed: likeness models pull metrics")
    assert result.images[0].seed == 1


def test_it_is_reproduced_to_the_bit(store: PictureStore) -> None:
    first = drilled(store, candidates=2, keep="all")
    again = [
        Original(picture=image.picture, recipe=first.recipe.model_copy(update={"task": item(seed=image.seed)}))
        for image in first.images
    ]
    one = order(store, item()).model_copy(
        update={"id": new_job_id(), "reproduces": Reproduces(job="j0", originals=again)}
    )
    outcome = outcomes_of([one], Context(nothing_resident(), store, DRILLS), Told())[one.id]
    assert [row.sameness for row in outcome.reproduction.images] == ["bitwise", "bitwise"]


def test_a_request_file_may_ask_for_it(tmp_path: Path) -> None:
    request = {"kind": "generate", "prompt": "a red shirt", "width": 70, "height": 90}
    (tmp_path / "request.json").write_text(json.dumps(request))
    environment = {**os.environ, "LIKENESS_CATALOGUE": str(DRILL_CATALOGUE)}
    command = [sys.executable, "-m", "worker.once", str(tmp_path / "request.json"), str(tmp_path / "out")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "out/0.png") as image:
        assert image.size == (70, 90)
    assert json.loads((tmp_path / "out/result.json").read_text())["recipe"]["input_sha256"] is None
