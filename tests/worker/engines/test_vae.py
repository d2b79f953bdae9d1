"""The shipped variational autoencoders: their rows, their draws, their tiles, and any size."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from likeness.contract.catalogue import load_catalogue
from likeness.contract.errors import InvalidField
from likeness.contract.tasks import Generate, Recreate, Task
from tests.support.engines import finished, shipped, steps_until_cancelled
from tests.worker.engines.test_family_frames import picture
from tests.worker.engines.test_starter import scene
from training.smileys import smiley
from worker.config import WEIGHTS
from worker.engine import Canvas, EngineTask
from worker.engines.vae import ANY, VAEEngine
from worker.residency.engines import Residents

CATALOGUE = load_catalogue()
NAMES = ["vae", "vae-smileys"]
SIZES = [(1, 1), (3, 400), (61, 97), (400, 3), (150, 64)]
Engines = Callable[[str], VAEEngine]


@pytest.fixture(scope="module")
def residents() -> Residents:
    return shipped()


@pytest.fixture(scope="module")
def engines(residents: Residents) -> Engines:
    """Return what loads a shipped engine."""
    return lambda name: residents.engine(CATALOGUE.find(name))


def again(canvas: Canvas, variation: float = 0.0, seed: int = 1) -> EngineTask:
    return EngineTask(canvas, seed, {"variation": variation})


def from_scratch(
    label: str = ANY, seed: int = 1, truncation: float = 1.0, height: int = 128, width: int = 128
) -> EngineTask:
    grey = np.full((height, width, 3), 0.5, np.float32)
    return EngineTask(grey, seed, {"variation": 1.0, "label": label, "truncation": truncation}, from_scratch=True)


def made(engine: VAEEngine, *tasks: EngineTask) -> list[Canvas]:
    return engine.generate(tasks, lambda step, steps, stage: None)


def psnr(a: Canvas, b: Canvas) -> float:
    """Return dB of two canvases in 0..1."""
    return float(-10 * np.log10(np.square(a - b).mean()))


def face(seed: int) -> Canvas:
    return smiley(np.random.default_rng(2**40 + seed)).astype(np.float32) / 255


def test_the_row_offers_the_labels_that_were_learnt(engines: Engines) -> None:
    labels = engines("vae").picture.config.labels
    assert CATALOGUE.find("vae").parameters["label"].choices == [ANY, *labels]
    assert sum(labels.values()) == pytest.approx(1)
    with pytest.raises(InvalidField, match="label"):
        CATALOGUE.find("vae").resolve(Generate(label="submarine"))


def test_the_weights_are_small() -> None:
    sizes = [sum(file.stat().st_size for file in (WEIGHTS / name).rglob("*.safetensors")) for name in NAMES]
    assert sum(sizes) <= 5_000_000 and sizes[1] <= 1_000_000


def test_a_photo_and_a_face_come_back_blurred(engines: Engines) -> None:
    canvas = scene(160, 144)
    assert 25 < psnr(made(engines("vae"), again(canvas))[0], canvas) < 60
    faces = [face(seed) for seed in range(8)]
    close = [
        psnr(one, given) for one, given in zip(made(engines("vae-smileys"), *map(again, faces)), faces, strict=True)
    ]
    assert np.median(close) > 18


@pytest.mark.parametrize("name", NAMES)
def test_without_variation_the_seed_counts_for_nothing(engines: Engines, name: str) -> None:
    first, second = made(engines(name), again(face(1), seed=1), again(face(1), seed=2))
    assert (first == second).all()


@pytest.mark.parametrize("name", NAMES)
def test_more_variation_goes_further_from_the_mean(engines: Engines, name: str) -> None:
    mean, *variants = made(engines(name), *(again(face(1), scale) for scale in (0.0, 0.25, 0.5, 1.0)))
    far = [float(np.square(one - mean).mean()) for one in variants]
    assert 0 < far[0] < far[1] < far[2]
    assert (made(engines(name), again(face(1), 1.0, seed=2))[0] != variants[-1]).any()


def test_a_variant_of_a_face_is_still_nearer_to_it_than_to_others(engines: Engines) -> None:
    faces = [face(seed) for seed in range(4)]
    for number, one in enumerate(made(engines("vae-smileys"), *(again(given, 1.0) for given in faces))):
        assert max(range(4), key=lambda other: psnr(one, faces[other])) == number


@pytest.mark.parametrize("name", NAMES)
def test_the_same_bytes_in_any_slot_of_any_batch(engines: Engines, name: str) -> None:
    for tasks in ([again(face(seed), 0.7, seed) for seed in range(3)], [from_scratch(seed=seed) for seed in range(3)]):
        alone = [made(engines(name), one)[0] for one in tasks]
        for order in ((0, 1, 2), (2, 0, 1), (1, 2)):
            batch = made(engines(name), *(tasks[index] for index in order))
            assert all((one == alone[index]).all() for one, index in zip(batch, order, strict=True))


def test_a_new_garment_is_on_white_and_of_its_label(engines: Engines) -> None:
    dress, pants = (
        np.mean(made(engines("vae"), *(from_scratch(label, seed) for seed in range(8))), 0)
        for label in ("dress", "pants")
    )
    for one in (dress, pants):
        assert one[:4, :4].mean() > 0.9 and one[48:80, 48:80].mean() < 0.85
    gap = lambda one: float(one[104:120, 60:68].mean() - one[104:120, 44:52].mean())  # noqa: E731  between the legs
    assert gap(pants) > gap(dress) + 0.1


@pytest.mark.parametrize("name", NAMES)
def test_truncation_brings_new_pictures_together(engines: Engines, name: str) -> None:
    label = "dress" if name == "vae" else ANY

    def spread(truncation: float) -> float:
        return float(
            np.std(made(engines(name), *(from_scratch(label, seed, truncation) for seed in range(4))), 0).mean()
        )

    assert spread(0.0) == 0.0 < spread(0.5) < spread(1.0)


def test_the_label_is_drawn_by_chance_when_none_is_named(engines: Engines) -> None:
    averages = [made(engines("vae"), from_scratch(seed=seed, truncation=0.0))[0] for seed in range(12)]
    assert len({one.tobytes() for one in averages}) > 3


def test_a_new_picture_lies_in_the_middle_and_its_rim_goes_on(engines: Engines) -> None:
    square, wide = made(
        engines("vae"), from_scratch("hat", height=64, width=64), from_scratch("hat", height=64, width=160)
    )
    assert wide.shape == (64, 160, 3) and (wide[:, 48:112] == square).all()
    assert (wide[:, :48] == square[:, :1]).all() and (wide[:, 112:] == square[:, -1:]).all()


def test_tiles_show_no_seam(engines: Engines) -> None:
    whole = engines("vae")
    tiled = VAEEngine(whole.picture, whole.patches, whole.canvas.model_copy(update={"tile": 224}))
    canvas = scene(272, 320)
    for variation in (0.0, 1.0):
        one, other = (made(engine, again(canvas, variation))[0] for engine in (whole, tiled))
        assert np.abs(one - other).max() < 1 / 255, "less than a grey level anywhere"


@pytest.mark.parametrize(
    ("name", "task"), [("vae", again(scene(64, 64))), ("vae-smileys", again(face(1))), ("vae", from_scratch())]
)
def test_it_stops_at_the_step_where_it_is_cancelled(engines: Engines, name: str, task: EngineTask) -> None:
    reported = steps_until_cancelled(engines(name), [task, task], 3)
    assert [(step, steps) for step, steps, _ in reported] == [(1, 4), (2, 4), (3, 4)]


def test_tiles_count_their_steps(engines: Engines) -> None:
    whole = engines("vae")
    tiled = VAEEngine(whole.picture, whole.patches, whole.canvas.model_copy(update={"tile": 96, "overlap": 32}))
    reported: list[int] = []
    tiled.generate([again(scene(96, 160))], lambda step, steps, stage: reported.append(step))
    assert reported == [1, 2, 3, 4] and all(after == before + 1 for before, after in pairwise(reported))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["recreate", "generate"])
@pytest.mark.parametrize("name", NAMES)
def test_the_frame_is_equal(residents: Residents, name: str, kind: str, size: tuple[int, int]) -> None:
    if kind == "generate":
        size = tuple(max(64, side) for side in size)
    task: Task = (
        Recreate(engine=name, seed=1)
        if kind == "recreate"
        else Generate(engine=name, seed=1, width=size[0], height=size[1])
    )
    given = picture(size, "RGBA") if kind == "recreate" else None
    result, _ = finished(residents, CATALOGUE.find(name), task, given)
    (one,) = result.images
    assert one.report.frame_equal, [row for row in one.report.frame if not row.equal]
    assert (one.width, one.height) == size
