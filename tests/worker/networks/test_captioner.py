"""Prompts that nobody gave: what a picture shows, in words, through a whole run."""

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from likeness.contract.catalogue import load_catalogue
from likeness.contract.errors import EngineFailed
from likeness.contract.jobs import JobOrder, Result, new_job_id
from likeness.contract.parameters import MAX_PROMPT
from likeness.contract.tasks import Recreate
from likeness.imaging.colour import Floats
from likeness.storage.pictures import PictureStore
from tests.support import tiny
from tests.support.tiny_captioners import other_captioner
from tests.worker.engines.test_families import small
from tests.worker.engines.test_starter import scene
from tests.worker.runs.test_run import Told
from worker.components import Components, Weights
from worker.residency.engines import Residents
from worker.runs.context import Context
from worker.runs.run import Run


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for name in ("sd15", "instruct-pix2pix", "captioner"):
        tiny.MAKERS[name](folder / name)
    other_captioner(folder / "larger-captioner")
    return folder


def residents(models: Path, captioner: str = "captioner") -> Residents:
    return Residents(Components(Weights(models, models), "cpu", "float32"), captioner=captioner)


def recreated(held: Residents, engine: str, **asked: Any) -> Result:
    """Return what a recreation of a scene of 40 x 33 px in two steps gives."""
    file, store = io.BytesIO(), PictureStore.open("memory://")
    Image.fromarray(np.rint(scene(40, 33, 1) * 255).astype(np.uint8)).save(file, "PNG")
    job_id = new_job_id()
    order = JobOrder(
        id=job_id,
        owner="tests",
        engine=engine,
        task=Recreate(seed=1, steps=2, **asked),
        input=store.put(job_id, file.getvalue(), "image/png"),
        created_at=datetime.now(UTC),
        batch_key="same",
        timeout=10,
    )
    spec = small(load_catalogue().find(engine))
    outcome = Run(spec, Context(held, store), Told()).execute([order])[job_id]
    assert isinstance(outcome, Result), outcome
    return outcome


def picture(seed: int, height: int = 40, width: int = 30) -> Floats:
    return np.random.default_rng(seed).random((height, width, 3), np.float32)


@pytest.mark.parametrize("model", ["captioner", "larger-captioner"])
def test_the_picture_decides_the_words(models: Path, model: str) -> None:
    held = residents(models, model)
    said = [held.caption(picture(seed)) for seed in range(4)]
    assert said[:2] == [held.caption(picture(seed)) for seed in range(2)], "no chance in it"
    assert len(set(said)) > 1 and all(said), said
    assert all("[" not in words and len(words) <= MAX_PROMPT for words in said if words), "no signs, not endless"


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 3), (3, 200), (200, 1)])
def test_any_size_is_seen(models: Path, height: int, width: int) -> None:
    assert isinstance(residents(models).caption(picture(1, height, width)), str)


def test_the_caption_is_the_prompt_and_is_told(models: Path) -> None:
    held = residents(models)
    captioned = recreated(held, "sd15")
    given = recreated(held, "sd15", prompt=captioned.caption)
    other = recreated(held, "sd15", prompt="")
    assert captioned.caption and captioned.recipe.caption == captioned.caption
    assert captioned.images[0].picture.sha256 == given.images[0].picture.sha256 != other.images[0].picture.sha256
    assert {given.caption, given.caption_reason, other.caption, other.caption_reason} == {None}, "a prompt was given"


def test_without_a_captioner_the_result_says_so(models: Path) -> None:
    held = residents(models, "not-installed")
    result, empty = recreated(held, "sd15"), recreated(held, "sd15", prompt="")
    assert result.caption is None and "likeness models pull not-installed" in (result.caption_reason or "")
    assert result.images[0].picture.sha256 == empty.images[0].picture.sha256


def test_an_engine_that_takes_instructions_is_asked_to_recreate(models: Path) -> None:
    held = residents(models)
    asked = recreated(held, "instruct-pix2pix")
    prompted = recreated(held, "instruct-pix2pix", prompt="recreate this picture")
    assert asked.caption is None and asked.caption_reason is None
    assert asked.images[0].picture.sha256 == prompted.images[0].picture.sha256


def test_a_model_that_cannot_caption_is_refused(models: Path) -> None:
    tiny.depth(models / "depth")
    with pytest.raises(EngineFailed, match="depth_anything model cannot caption"):
        residents(models, "depth").caption(picture(1))
