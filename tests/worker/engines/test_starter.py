"""The shipped engines: real weights, tiles without seams, bytes that do not depend on the batch."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from likeness.contract.catalogue import load_catalogue
from likeness.contract.tasks import Control
from likeness.imaging.metrics.edge_f1 import edge_f1
from tests.support.engines import shipped, steps_until_cancelled
from worker.engine import Engine, EngineTask
from worker.engines.autoencoder import AutoencoderEngine
from worker.engines.starter_img2img import Img2ImgEngine

PLAIN = {"strength": 0.0, "guidance_scale": 1.0, "steps": 2}
LIGHT = {"strength": 0.3, "guidance_scale": 1.5, "steps": 2}
SIDE = 96
DISC = (np.hypot(*(np.mgrid[:SIDE, :SIDE] - SIDE / 2)) < 30).astype(np.float32)
EDIT = {"text": "make it red", "mask": DISC, "keep_detail": np.ones_like(DISC)}
CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "img2img": ("starter", LIGHT, {}),
    "edit": ("starter-edit", {"guidance_scale": 1.5, "image_guidance_scale": 1.0, "steps": 2}, EDIT),
    "edit unguided": ("starter-edit", {"guidance_scale": 1.0, "image_guidance_scale": 1.0, "steps": 2}, EDIT),
    "inpaint": ("starter-inpaint", {"guidance_scale": 1.5, "steps": 2}, {"text": "a shirt", "mask": DISC}),
    "control": (
        "starter-control",
        {"strength": 0.9, "guidance_scale": 2.0, "steps": 2},
        {"text": "a shirt", "controls": (Control(kind="canny"), Control(kind="soft_edge", weight=0.5, end=0.5))},
    ),
}


@pytest.fixture(scope="module")
def engines() -> Callable[[str], Engine]:
    """Return what loads a shipped engine."""
    residents, catalogue = shipped(), load_catalogue()
    return lambda name: residents.engine(catalogue.find(name))


@pytest.fixture(scope="module")
def starter(engines: Callable[[str], Engine]) -> Img2ImgEngine:
    return engines("starter")


def scene(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Return a smooth coloured scene with some edges: H x W x 3, 0..1."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = [np.sin(x / random.uniform(9, 40) + y / random.uniform(9, 40) + phase) for phase in (0, 1, 2)]
    picture = 0.5 + 0.35 * np.stack(waves, -1)
    picture[height // 4 : height // 2, width // 4 : width // 2] *= 0.4
    return picture.astype(np.float32)


def made(engine: Engine, *canvases: np.ndarray, seed: int = 0, **parameters: Any) -> list[np.ndarray]:
    tasks = [EngineTask(canvas, seed, PLAIN | parameters) for canvas in canvases]
    return engine.generate(tasks, lambda step, steps, stage: None)


def test_it_recreates_and_does_not_copy(starter: Img2ImgEngine) -> None:
    canvas = scene(160, 136)
    out = made(starter, canvas)[0]
    error = float(np.square(out - canvas).mean())
    assert out.shape == canvas.shape and 0 < error < 10**-2.6, "above 26 dB, and never exactly the input"


@pytest.mark.parametrize(("height", "width"), [(64, 64), (72, 120), (128, 128), (200, 264)])
def test_the_same_bytes_alone_and_in_any_slot(starter: Img2ImgEngine, height: int, width: int) -> None:
    canvases = [scene(height, width, seed) for seed in range(3)]
    alone = [made(starter, canvas)[0] for canvas in canvases]
    together = made(starter, *(canvases[index] for index in (2, 0, 1)))
    for slot, index in enumerate((2, 0, 1)):
        assert np.array_equal(together[slot], alone[index])


@pytest.mark.parametrize("case", CASES)
def test_a_seed_gives_the_same_bytes_in_any_slot(engines: Callable[[str], Engine], case: str) -> None:
    name, parameters, extra = CASES[case]
    engine = engines(name)
    tasks = [EngineTask(scene(SIDE, SIDE, seed), 40 + seed, parameters, **extra) for seed in range(4)]
    quiet = lambda step, steps, stage: None  # noqa: E731
    alone = [engine.generate([task], quiet)[0] for task in tasks[:2]]
    for order in ([3, 1, 0], [2, 0, 3, 1]):
        for index, out in zip(order, engine.generate([tasks[index] for index in order], quiet), strict=True):
            assert index > 1 or np.array_equal(out, alone[index])
    again = EngineTask(tasks[0].canvas, 99, parameters, **extra)
    assert not np.array_equal(engine.generate([again], quiet)[0], alone[0]), "another seed is another picture"


@pytest.mark.parametrize("case", CASES)
def test_every_engine_stops_at_the_step_where_it_is_cancelled(engines: Callable[[str], Engine], case: str) -> None:
    name, parameters, extra = CASES[case]
    task = EngineTask(scene(SIDE, SIDE), 0, parameters, **extra)
    assert steps_until_cancelled(engines(name), [task], 1) == [(1, 3, "denoising")]


@pytest.mark.parametrize("case", CASES)
def test_every_engine_keeps_a_canvas_size_and_its_range(engines: Callable[[str], Engine], case: str) -> None:
    name, parameters, extra = CASES[case]
    planes = {key: np.pad(plane, ((0, 64), (0, 0))) for key, plane in extra.items() if key in ("mask", "keep_detail")}
    task = EngineTask(scene(SIDE + 64, SIDE), 1, parameters, **(extra | planes))
    (out,) = engines(name).generate([task], lambda step, steps, stage: None)
    assert out.shape == (SIDE + 64, SIDE, 3) and out.dtype == np.float32 and out.min() >= 0 and out.max() <= 1


def test_a_larger_canvas_is_edited_smaller_and_keeps_its_detail(
    engines: Callable[[str], Engine],
) -> None:
    engine = engines("starter-edit")
    small = type(engine)(engine.pipe, engine.canvas.model_copy(update={"tile": 96}))
    canvas = scene(192, 160)
    canvas[::2, ::2] *= 0.9  # detail that no half-size picture holds
    still = np.zeros((192, 160), np.float32)
    task = EngineTask(canvas, 1, CASES["edit"][1], "recreate this picture", still, (), np.ones_like(still))
    (out,) = small.generate([task], lambda step, steps, stage: None)
    ripple = lambda rgb: float(np.abs(np.diff(rgb, axis=1)).mean())  # noqa: E731
    assert out.shape == canvas.shape and ripple(out) > 0.9 * ripple(canvas)


def test_tiles_show_no_seam(starter: Img2ImgEngine) -> None:
    canvas = scene(232, 264)
    whole = made(starter, canvas)[0]
    tiled = AutoencoderEngine(starter.pipe.vae, starter.canvas.model_copy(update={"tile": 160, "overlap": 96}))
    assert np.abs(made(tiled, canvas)[0] - whole).max() < 1 / 255, "less than a grey level anywhere"


def test_tiles_of_a_noised_picture_cover_it_and_count_their_steps(starter: Img2ImgEngine) -> None:
    tiled = Img2ImgEngine(starter.pipe, starter.canvas.model_copy(update={"tile": 96, "overlap": 32}))
    reported = []
    task = EngineTask(scene(96, 160), 3, LIGHT)
    (out,) = tiled.generate([task], lambda step, steps, stage: reported.append((step, steps)))
    assert out.shape == (96, 160, 3) and reported == [(step, 6) for step in range(1, 7)]


def test_it_stops_at_the_step_where_it_is_cancelled(starter: Img2ImgEngine) -> None:
    ((step, _, _),) = steps_until_cancelled(starter, [EngineTask(scene(64, 64), 0, PLAIN)], 1)
    assert step == 1


def test_more_strength_moves_further_from_the_picture(starter: Img2ImgEngine) -> None:
    canvas = scene(SIDE, SIDE)
    plain, light, strong = (made(starter, canvas, strength=value, steps=4)[0] for value in (0.0, 0.3, 0.9))
    errors = [float(np.square(out - canvas).mean()) for out in (plain, light, strong)]
    assert errors == sorted(errors)


def test_a_control_keeps_edges_by_its_weight_and_for_its_steps(engines: Callable[[str], Engine]) -> None:
    parameters = {"strength": 1.0, "guidance_scale": 1.0, "steps": 4}
    canvas = scene(SIDE, SIDE)

    def drawn(**control: float) -> np.ndarray:
        task = EngineTask(canvas, 7, parameters, "a photo of a red shirt", None, (Control(kind="canny", **control),))
        return engines("starter-control").generate([task], lambda step, steps, stage: None)[0]

    free, half, kept, early = drawn(weight=0), drawn(weight=0.5), drawn(), drawn(end=0.5)
    assert edge_f1(canvas, kept) > edge_f1(canvas, free)
    assert len({one.tobytes() for one in (free, half, kept, early)}) == 4
    assert np.array_equal(drawn(start=0.99), free), "no step is left for it"
