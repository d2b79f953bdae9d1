"""The engines that go back from a classifier's features: the shipped weights, whole jobs through their rows."""

import numpy as np
import pytest
import torch
from PIL import Image

from likeness.contract.catalogue import load_catalogue
from likeness.contract.tasks import Recreate
from likeness.imaging.metrics.psnr import psnr
from tests.support.engines import finished, shipped, steps_until_cancelled
from tests.support.places import ROOT
from tests.worker.engines.test_family_frames import ODD, picture
from worker.config import WEIGHTS
from worker.diffusion.tensors import pixels
from worker.engine import Canvas, Engine, EngineTask
from worker.engines.feature_diffusion import FeatureDiffusionEngine
from worker.engines.feature_gan import FeatureGanEngine
from worker.networks.features import LAYERS
from worker.residency.engines import Residents

NAMES = ("feature-gan", "feature-diffusion")
PHOTO = ROOT / "examples/shirt-plaid.jpg"


@pytest.fixture(scope="module")
def residents() -> Residents:
    return shipped()


@pytest.fixture(params=NAMES)
def engine(request: pytest.FixtureRequest, residents: Residents) -> Engine:
    return residents.engine(load_catalogue().find(request.param))


@pytest.fixture(scope="module")
def photo() -> Canvas:
    """A photo that ships, 160 x 128 x 3."""
    return np.asarray(Image.open(PHOTO).convert("RGB").resize((128, 160)), np.float32) / 255


def task(canvas: Canvas, seed: int = 1, layer: str = "layer3", steps: int = 2) -> EngineTask:
    return EngineTask(canvas, seed, {"layer": layer, "steps": steps, "temperature": 0.5})


def made(engine: Engine, *tasks: EngineTask) -> list[Canvas]:
    return engine.generate(tasks, lambda step, steps, stage: None)


def test_what_comes_back_is_like_the_picture_the_more_the_shallower_the_layer(engine: Engine, photo: Canvas) -> None:
    flat = psnr(photo, np.broadcast_to(photo.mean((0, 1)), photo.shape))
    scores = [psnr(photo, made(engine, task(photo, layer=layer, steps=6))[0]) for layer in LAYERS]
    assert scores == sorted(scores, reverse=True), "the deeper, the less the network still knows"
    assert scores[2] > flat + 2, "even deep in the network it is this picture and not a mean colour"


def test_the_same_bytes_alone_and_in_any_slot(engine: Engine, photo: Canvas) -> None:
    tasks = [task(one, seed) for seed, one in enumerate((photo, photo[::-1].copy(), photo[:, ::-1] * 0.5))]
    alone = [made(engine, one)[0] for one in tasks]
    for order in ((2, 0), (1, 2, 0)):
        together = made(engine, *(tasks[index] for index in order))
        assert all((one == alone[index]).all() for one, index in zip(together, order, strict=True))


def test_only_the_features_are_read(residents: Residents, photo: Canvas) -> None:
    """What the generator makes of the features alone is what the engine makes of the canvas."""
    engine = residents.engine(load_catalogue().find("feature-gan"))
    assert isinstance(engine, FeatureGanEngine)
    with torch.inference_mode():
        found = engine.features(pixels([photo], torch.device("cpu")), ["layer2"])["layer2"]
        wanted = engine.generator("layer2", found.clone())[0].clamp(0, 1).permute(1, 2, 0).numpy()
    assert np.allclose(made(engine, task(photo, layer="layer2"))[0], wanted, atol=1e-6)


def test_a_seed_decides_what_features_leave_open(residents: Residents, photo: Canvas) -> None:
    engine = residents.engine(load_catalogue().find("feature-diffusion"))
    first, again, other = (made(engine, task(photo, seed, "layer4", 6))[0] for seed in (1, 1, 2))
    assert (first == again).all() and (first != other).any()
    near = [
        np.abs(np.subtract(*(made(engine, task(photo, s, layer, 6))[0] for s in (1, 2)))).mean() for layer in LAYERS
    ]
    assert near[0] < near[2], "deeper features leave more open"


def test_it_stops_at_the_step_where_it_is_cancelled(engine: Engine, photo: Canvas) -> None:
    first, second = steps_until_cancelled(engine, [task(photo), task(photo)], 2)
    assert (first[0], second[0]) == (1, 2) and first[1] == second[1]


def test_steps_are_counted_over_tiles_and_pictures(residents: Residents, photo: Canvas) -> None:
    engine = residents.engine(load_catalogue().find("feature-diffusion"))
    assert isinstance(engine, FeatureDiffusionEngine)
    tiles = engine.canvas.model_copy(update={"tile": 96, "overlap": 32})
    tiled = FeatureDiffusionEngine(engine.denoiser, engine.features, engine.vae, tiles)
    reported: list[tuple[int, int]] = []
    out = tiled.generate([task(photo)] * 2, lambda step, steps, stage: reported.append((step, steps)))
    count = len(reported)
    assert reported == [(step, count) for step in range(1, count + 1)] and count % 8 == 0, (
        "two pictures, four steps a tile"
    )
    assert [one.shape for one in out] == [photo.shape] * 2


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", NAMES)
def test_the_frame_is_equal(residents: Residents, name: str, odd: str) -> None:
    size, mode = ODD[odd]
    steps = None if name == "feature-gan" else 1
    job = Recreate(engine=name, steps=steps, seed=None if name == "feature-gan" else 1)
    result, _ = finished(residents, load_catalogue().find(name), job, picture(size, mode))
    (image,) = result.images
    assert image.report.frame_equal and (image.width, image.height, image.mode) == (*size, mode)


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_small(name: str) -> None:
    bound = {"feature-gan": 4_000_000, "feature-diffusion": 7_000_000}[name]
    assert 0 < sum(path.stat().st_size for path in (WEIGHTS / name).iterdir()) <= bound
