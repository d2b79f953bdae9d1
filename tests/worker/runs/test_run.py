"""The life of a run, without a queue."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from structlog.testing import capture_logs

from likeness.contract.catalogue import load_catalogue
from likeness.contract.engines import EngineSpec
from likeness.contract.jobs import JobOrder, Progress, Result, new_job_id
from likeness.contract.tasks import Recreate
from likeness.imaging.assessment.assess import WITHOUT_NETWORKS
from likeness.imaging.assessment.learned import FIDELITY, Learned, LearnedMetrics
from likeness.imaging.assessment.tripwires import NOT_FINITE
from likeness.storage.pictures import PictureStore
from tests.support.places import DRILL_CATALOGUE
from tests.worker.metrics.models import save_all, save_perceptual
from worker.components import Components, Weights
from worker.metrics.installed import LPIPS, InstalledMetrics
from worker.residency.engines import Residents
from worker.runs.context import Context, Outcome
from worker.runs.run import Run

SPEC = load_catalogue(DRILL_CATALOGUE).find("drill")


class Told:
    """A watch that remembers what it was told, and wants no more of some jobs from a step on."""

    def __init__(self, unwanted: set[str] | None = None, from_step: int = 0) -> None:
        self.steps: list[tuple[str, int]] = []
        self.unwanted, self.from_step = unwanted or set(), from_step

    def progress(self, job_ids: Sequence[str], progress: Progress) -> set[str]:
        self.steps.append((progress.stage, progress.step))
        return self.unwanted if progress.step >= self.from_step else set()

    def waits(self, job_ids: Sequence[str]) -> set[str]:
        return set()

    def begins(self) -> None:
        pass


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


def smaller_picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (90, 120, 60)).save(file, "PNG")
    return file.getvalue()


def nothing_resident() -> Residents:
    return Residents(Components(Weights(Path("none"), Path("none")), "cpu"))


def run(
    store: PictureStore,
    *orders: JobOrder,
    watch: Told | None = None,
    spec: EngineSpec = SPEC,
    metrics: LearnedMetrics = WITHOUT_NETWORKS,
    residents: Residents | None = None,
) -> dict[str, Outcome]:
    return Run(spec, Context(residents or nothing_resident(), store, metrics=metrics), watch or Told()).execute(orders)


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
    assert (outcomes[bad.id].code, outcomes[bad.id].fault) == ("invalid_picture", "caller") and isinstance(
        outcomes[good.id], Result
    )


def test_a_lost_input_is_named(store: PictureStore) -> None:
    one = order(store)
    store._store = PictureStore.open("memory://")._store
    assert run(store, one)[one.id].code == "input_lost"


def test_a_batch_that_does_not_fit_is_split_and_says_so(store: PictureStore) -> None:
    orders = [order(store, prompt="memory") for _ in range(3)]
    outcomes = run(store, *orders)
    assert [outcomes[one.id].degradations for one in orders] == [["batch split"]] * 3


def test_what_did_not_fit_together_is_not_tried_again(store: PictureStore) -> None:
    with capture_logs() as logs:
        run(store, *(order(store, prompt="memory", candidates=2) for _ in range(4)))
    assert [line["size"] for line in logs if line["event"] == "a batch failed"] == [4, 2]


def test_a_batch_that_failed_for_another_reason_is_split_and_not_degraded(store: PictureStore) -> None:
    bad, good = order(store, prompt="raise"), order(store)
    outcomes = run(store, bad, good)
    assert outcomes[bad.id].code == "engine_failed" and outcomes[good.id].degradations == []


def test_a_picture_that_does_not_fit_alone_is_made_with_less_memory(store: PictureStore) -> None:
    residents = nothing_resident()
    large, small = order(store, prompt="memory-alone"), order(store, smaller_picture())
    made = run(store, large, residents=residents)[large.id]
    assert made.degradations == ["VAE slicing", "VAE tiling"]
    assert residents.engine(SPEC).saving == 0, "the next job runs as if nothing had been"
    assert run(store, small, residents=residents)[small.id].degradations == []
    again = order(store, prompt="memory-alone")
    with capture_logs() as logs:
        assert run(store, again, residents=residents)[again.id].degradations == made.degradations
    assert not [line for line in logs if line["event"] == "a batch failed"], "it begins with what the last one came to"


def test_what_never_fits_fails_and_says_what_was_tried(store: PictureStore) -> None:
    residents = nothing_resident()
    residents.engine(SPEC.model_copy(update={"name": "other"}))
    large, mate, small = order(store, prompt="memory-never"), order(store), order(store)
    outcomes = run(store, large, mate, residents=residents)
    assert outcomes[large.id].code == "out_of_memory"
    assert "batch split, other engines unloaded, VAE slicing, VAE tiling, CPU offload" in outcomes[large.id].detail
    assert isinstance(outcomes[mate.id], Result) and residents.names() == ["drill"]
    assert run(store, small, residents=residents)[small.id].degradations == []


def test_a_picture_that_cannot_be_measured_for_want_of_memory_fails_alone(store: PictureStore) -> None:
    class Hungry:
        def __init__(self, *fails: int) -> None:
            self.calls, self.fails = 0, fails

        def measure(self, given, made, captions) -> Learned:
            self.calls += 1
            if self.calls in self.fails:
                raise MemoryError
            return WITHOUT_NETWORKS.measure(given, made, captions)

    first, second = order(store), order(store)
    outcomes = run(store, first, second, metrics=Hungry(1, 3))
    assert outcomes[first.id].code == "out_of_memory" and isinstance(outcomes[second.id], Result)
    outcomes = run(store, first, second, metrics=Hungry(1))
    assert isinstance(outcomes[first.id], Result), "it fits while the device does nothing else"


def test_a_run_that_is_stopped_in_need_leaves_no_measure_behind(store: PictureStore) -> None:
    residents = nothing_resident()
    one = order(store, prompt="memory-alone", steps=5)
    assert run(store, one, watch=Told({one.id}, from_step=2), residents=residents) == {}
    assert residents.engine(SPEC).saving == 0


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
    assert watch.steps[:3] == [("preparing", 0), ("loading", 0), ("preparing", 0)]
    assert [step for stage, step in watch.steps if stage == "denoising"] == [1, 2, 3]


def test_a_run_that_nobody_wants_stops_at_that_step(store: PictureStore) -> None:
    one = order(store, steps=9)
    watch = Told({one.id}, from_step=2)
    assert run(store, one, watch=watch) == {}
    assert watch.steps[-1] == ("denoising", 2)


def test_timings_add_up(store: PictureStore) -> None:
    timings = result(store, order(store, steps=3)).timings
    assert timings.denoising >= 3 * 0.05 and timings.assessing > 0 and timings.decoding > 0


def test_without_weights_the_learned_figures_are_null_with_the_reason(store: PictureStore, tmp_path: Path) -> None:
    one = order(store)
    made = run(store, one, metrics=InstalledMetrics(tmp_path, "cpu"))[one.id].images[0]
    learned = {score.name: (score.value, score.reason) for score in made.report.fidelity if score.name in FIDELITY}
    assert list(learned) == list(FIDELITY) and {value for value, _ in learned.values()} == {None}
    assert learned["clip_similarity"][1] == "not installed: likeness models pull metrics"
    assert "python -m training.lpips" in learned["lpips"][1]


def test_with_weights_each_candidate_has_the_learned_figures(store: PictureStore, tmp_path: Path) -> None:
    one = order(store, candidates=2, keep="all")
    images = run(store, one, metrics=InstalledMetrics(save_all(tmp_path), "cpu"))[one.id].images
    figures = [[image.report.score(name) for name in FIDELITY] for image in images]
    assert all(0 < lpips < 1 and 0 < st_lpips < 1 and 0.5 < clip <= 1 for lpips, st_lpips, clip in figures)
    assert figures[0] != figures[1] and images[0].report.verdict == "accepted"


def test_a_metric_that_fails_does_not_fail_the_job(store: PictureStore, tmp_path: Path) -> None:
    save_perceptual(tmp_path, LPIPS).write_bytes(b"torn off")
    one = order(store)
    report = run(store, one, metrics=InstalledMetrics(tmp_path, "cpu"))[one.id].images[0].report
    (lpips,) = (score for score in report.fidelity if score.name == "lpips")
    assert lpips.value is None and "could not be measured" in lpips.reason and report.verdict == "accepted"


@pytest.mark.parametrize(("prompt", "said"), [("black", "the image is black"), ("nan", NOT_FINITE)])
def test_a_broken_picture_is_rejected_whatever_was_asked(store: PictureStore, prompt: str, said: str) -> None:
    asked = {"psnr": None, "ssim": None, "delta_e": None}
    broken, whole = order(store, prompt=prompt, thresholds=asked), order(store, thresholds=asked)
    outcomes = run(store, broken, whole)
    report = outcomes[broken.id].images[0].report
    assert report.verdict == "rejected" and said in report.reasons
    assert outcomes[whole.id].images[0].report.verdict == "accepted"


def test_the_candidates_of_an_exact_job_are_made_one_by_one(store: PictureStore) -> None:
    """The drill has no room for two: a job that may share a call is split, an exact one never had one to split."""
    plain, exact = (result(store, order(store, prompt="memory", candidates=2, exact=each)) for each in (False, True))
    assert plain.degradations == ["batch split"] and exact.degradations == []
