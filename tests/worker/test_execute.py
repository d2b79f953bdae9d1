"""The life of a run, without a queue."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from likeness.contract.catalogue import EngineSpec, load_catalogue
from likeness.contract.jobs import JobOrder, Progress, Result, new_job_id
from likeness.contract.tasks import Recreate
from likeness.store import PictureStore
from worker.components import Components, Weights
from worker.execute import Outcome, Run
from worker.residency import Residents

SPEC = load_catalogue(Path(__file__).parent / "drill.toml").find("drill")


class Told:
    """A watch that remembers what it was told, and wants no more of some jobs from a step on."""

    def __init__(self, unwanted: set[str] | None = None, from_step: int = 0) -> None:
        self.steps: list[tuple[str, int]] = []
        self.unwanted, self.from_step = unwanted or set(), from_step

    def progress(self, job_ids: Sequence[str], progress: Progress) -> set[str]:
        self.steps.append((progress.stage, progress.step))
        return self.unwanted if progress.step >= self.from_step else set()


@pytest.fixture
def store() -> PictureStore:
    return PictureStore.open("memory://")


def order(store: PictureStore, data: bytes | None = None, **fields) -> JobOrder:
    if data is None:
        file = io.BytesIO()
        noise = np.random.default_rng(3).integers(60, 180, (21, 13, 3), np.uint8)
        Image.fromarray(noise).resize((39, 63)).save(file, "PNG")
        data = file.getvalue()
    job_id = new_job_id()
    return JobOrder(
        id=job_id,
        owner="tests",
        engine="drill",
        task=Recreate(**fields),
        input=store.put(job_id, data, "image/png"),
        created_at=datetime.now(UTC),
        batch_key="same",
        timeout=10,
    )


def run(
    store: PictureStore, *orders: JobOrder, watch: Told | None = None, spec: EngineSpec = SPEC
) -> dict[str, Outcome]:
    return Run(spec, Residents(Components(Weights(Path("none"), Path("none")), "cpu")), store, watch or Told()).execute(
        orders
    )


def result(store: PictureStore, one: JobOrder) -> Result:
    outcome = run(store, one)[one.id]
    assert isinstance(outcome, Result)
    return outcome


def test_a_result_is_stored_and_measured(store: PictureStore) -> None:
    one = order(store, seed=5)
    made = result(store, one).images[0]
    assert (made.width, made.height, made.mode, made.seed) == (39, 63, "RGB", 5)
    assert Image.open(io.BytesIO(store.get(made.picture))).size == (39, 63)
    assert made.report.frame_equal and 30 < made.report.score("psnr") < 50


def test_the_best_of_several_candidates_is_kept(store: PictureStore) -> None:
    every = result(store, order(store, seed=1, candidates=5, keep="all")).images
    ssim = [image.report.score("ssim") for image in every]
    assert len(every) == 5 and ssim == sorted(ssim, reverse=True) and len(set(ssim)) == 5
    best = result(store, order(store, seed=1, candidates=5)).images
    assert [image.seed for image in best] == [every[0].seed]


def test_it_tries_again_until_a_candidate_is_accepted_or_attempts_run_out(store: PictureStore) -> None:
    refused = result(store, order(store, attempts=3, thresholds={"psnr": 99}))
    assert refused.attempts == 3 and refused.images[0].report.verdict == "rejected"
    assert result(store, order(store, attempts=3)).attempts == 1


def test_the_same_seed_gives_the_same_bytes_alone_and_in_a_batch(store: PictureStore) -> None:
    alone = result(store, order(store, seed=9)).images[0].picture.sha256
    first, second = order(store, seed=8), order(store, seed=9)
    assert run(store, first, second)[second.id].images[0].picture.sha256 == alone


def test_a_bad_input_fails_alone(store: PictureStore) -> None:
    bad, good = order(store, b"no picture"), order(store)
    outcomes = run(store, bad, good)
    assert outcomes[bad.id].code == "engine_failed" and isinstance(outcomes[good.id], Result)


def test_a_lost_input_is_named(store: PictureStore) -> None:
    one = order(store)
    store._store = PictureStore.open("memory://")._store
    assert run(store, one)[one.id].code == "input_lost"


def test_a_batch_that_does_not_fit_is_halved_and_its_picture_alone_fits(store: PictureStore) -> None:
    orders = [order(store, prompt="memory") for _ in range(3)]
    assert all(isinstance(outcome, Result) for outcome in run(store, *orders).values())


def test_an_engine_that_cannot_be_loaded_fails_the_job_and_says_why(store: PictureStore) -> None:
    one = order(store)
    missing = SPEC.model_copy(update={"family": "autoencoder", "weights": "nowhere"})
    outcome = run(store, one, spec=missing)[one.id]
    assert outcome.code == "engine_failed" and "drill could not be loaded" in outcome.detail


def test_an_unwanted_job_is_left_out_and_the_others_finish(store: PictureStore) -> None:
    leaving, staying = order(store, steps=3), order(store, steps=3)
    watch = Told({leaving.id}, from_step=2)
    outcomes = run(store, leaving, staying, watch=watch)
    assert set(outcomes) == {staying.id}
    assert [step for stage, step in watch.steps if stage == "denoising"] == [1, 2, 3]


def test_a_run_that_nobody_wants_stops_at_that_step(store: PictureStore) -> None:
    one = order(store, steps=9)
    watch = Told({one.id}, from_step=2)
    assert run(store, one, watch=watch) == {}
    assert watch.steps[-1] == ("denoising", 2)


def test_timings_add_up(store: PictureStore) -> None:
    timings = result(store, order(store, steps=3)).timings
    assert timings.denoising >= 3 * 0.05 and timings.assessing > 0 and timings.decoding > 0
