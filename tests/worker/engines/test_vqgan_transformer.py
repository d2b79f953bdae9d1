"""The shipped transformer: pictures of a label, pictures completed from their upper part, any size."""

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from likeness.contract.catalogue import load_catalogue
from likeness.contract.jobs import Result
from likeness.contract.tasks import Customise, Generate, Task
from likeness.imaging.formats.decode import decode
from tests.support.engines import finished, shipped, steps_until_cancelled
from tests.worker.engines.test_family_frames import ODD, picture
from tests.worker.engines.test_starter import scene
from worker.components import Components, Weights
from worker.config import WEIGHTS
from worker.engine import Canvas, Engine, EngineTask
from worker.engines.vqgan import load as load_vqgan
from worker.engines.vqgan_transformer import LEAST, MOST, VQGANTransformerEngine, chooser, left_of, load, rows_of
from worker.networks.vqgan import SIDE
from worker.runs.scoring import UNBOUNDED

SPEC = load_catalogue().find("vqgan-transformer")
LABELS = SPEC.parameters["label"].choices
PLAIN = {"label": "any", "temperature": 1.0, "top_k": 100, "top_p": 1.0}
WIDE = (SIDE // 4, SIDE)
"""Four rows of tokens: the least, and quick."""


@pytest.fixture(scope="module")
def engine() -> VQGANTransformerEngine:
    return load(SPEC, Components(Weights(WEIGHTS, WEIGHTS), "cpu"))


def from_scratch(seed: int = 1, size: tuple[int, int] = WIDE, **parameters: object) -> EngineTask:
    return EngineTask(np.zeros((*size, 3), np.float32), seed, PLAIN | parameters, from_scratch=True)


def upper(canvas: Canvas, left: int, seed: int = 1, **parameters: object) -> EngineTask:
    """Return the task of completing a canvas of which `left` px rows stay."""
    mask = np.zeros(canvas.shape[:2], np.float32)
    mask[left:] = 1
    return EngineTask(canvas, seed, PLAIN | parameters, mask=mask)


def made(engine: Engine, *tasks: EngineTask) -> list[Canvas]:
    return engine.generate(tasks, lambda step, steps, stage: None)


def test_the_row_offers_the_labels_that_it_learnt(engine: VQGANTransformerEngine) -> None:
    assert list(engine.gpt.config.id2label.values()) == LABELS
    assert engine.gpt.config.vocab_size == engine.network.config.codes + len(LABELS)
    with pytest.raises(ValueError, match="hovercraft"):
        made(engine, from_scratch(label="hovercraft"))


def test_the_weights_are_small() -> None:
    assert sum(path.stat().st_size for path in (WEIGHTS / SPEC.weights).rglob("*.safetensors")) <= 8_000_000


def test_the_vqgan_is_shared() -> None:
    components = Components(Weights(WEIGHTS, WEIGHTS), "cpu")
    assert load(SPEC, components).network is load_vqgan(load_catalogue().find("vqgan"), components).network


def test_the_label_decides(engine: VQGANTransformerEngine) -> None:
    dress, shoes = made(engine, from_scratch(label="dress"), from_scratch(label="shoes"))
    assert (dress != shoes).any()


def test_the_seed_decides_and_the_same_bytes_come_in_any_slot(engine: VQGANTransformerEngine) -> None:
    canvas = scene(64, 128)
    tasks = [upper(canvas, 40), upper(canvas, 40, seed=2), upper(canvas, 48, label="shoes")]
    alone = [made(engine, one)[0] for one in tasks]
    assert (alone[0] != alone[1]).any()
    for order in ((0, 1, 2), (2, 0)):
        batch = made(engine, *(tasks[index] for index in order))
        assert all((picture == alone[index]).all() for picture, index in zip(batch, order, strict=True))


def test_what_is_hidden_tells_nothing_and_what_is_shown_does(engine: VQGANTransformerEngine) -> None:
    canvas = scene(64, 128)
    below, above = canvas.copy(), canvas.copy()
    below[40:], above[:40] = 0.9, 0.9
    first, hidden, shown = made(engine, *(upper(one, 40) for one in (canvas, below, above)))
    assert (first == hidden).all() and (first[40:] != shown[40:]).any()


def test_the_rows_that_stay_are_the_given_tokens(engine: VQGANTransformerEngine) -> None:
    canvas = scene(128, 128)
    (out,) = made(engine, upper(canvas, 96))
    assert np.abs(out[:88] - canvas[:88]).mean() < 0.06, "all but the row beside what is drawn"


def test_one_choice_alone_leaves_nothing_to_the_seed(engine: VQGANTransformerEngine) -> None:
    canvas = scene(64, 128)
    for one in ({"top_k": 1}, {"temperature": 1e-4}, {"top_p": 1e-6}):
        first, other = made(engine, upper(canvas, 48, 1, **one), upper(canvas, 48, 2, **one))
        assert (first == other).all()


def test_the_chances_are_cut_as_asked() -> None:
    logits = torch.log(torch.tensor([[0.5, 0.3, 0.15, 0.05]]))
    nothing = torch.empty(1, 0, dtype=torch.long)

    def chances(**parameters: float) -> list[float]:
        given = {name: parameters.get(name) for name in ("temperature", "top_k", "top_p")}
        task = EngineTask(np.zeros((8, 8, 3), np.float32), 1, given)
        return [round(value, 3) for value in chooser(task)(nothing, logits).softmax(-1)[0].tolist()]

    assert chances() == [0.5, 0.3, 0.15, 0.05]
    assert chances(top_k=2) == [0.625, 0.375, 0, 0] == chances(top_p=0.7)
    assert chances(temperature=0.5) == [0.685, 0.247, 0.062, 0.007]


def test_tokens_are_drawn_as_if_every_row_were_read_again(engine: VQGANTransformerEngine) -> None:
    """The likeliest token after each, by one pass over all of them without a cache."""
    drawn = engine._row(torch.tensor([engine._label("dress")]), chooser(from_scratch(top_k=1)), torch.Generator())
    with torch.inference_mode():
        given = torch.cat([torch.tensor([engine._label("dress")]), drawn[:-1]])[None]
        logits = engine.gpt(given, use_cache=False).logits[0, :, : engine.network.config.codes]
    assert drawn.tolist() == logits.argmax(-1).tolist()


def test_it_is_cancelled_after_a_row(engine: VQGANTransformerEngine) -> None:
    reported = steps_until_cancelled(engine, [upper(scene(128, 128), 64)], 2)
    assert reported == [(1, 9, "denoising"), (2, 9, "denoising")]


@pytest.mark.parametrize(
    ("height", "width", "rows"), [(128, 128, 16), (171, 128, 21), (1, 900, LEAST), (900, 1, MOST), (300, 600, 8)]
)
def test_rows_follow_the_proportions(height: int, width: int, rows: int) -> None:
    assert rows_of(np.zeros((height, width, 3), np.float32)) == rows


def test_a_wide_picture_is_the_middle_of_a_square_one(engine: VQGANTransformerEngine) -> None:
    wide, square = made(engine, from_scratch(size=(96, 128)), from_scratch(size=(128, 128)))
    assert np.abs(wide - square[16:112]).max() < 1e-5


def test_the_window_slides_down_a_tall_picture(engine: VQGANTransformerEngine) -> None:
    """What has left the window tells nothing: two pictures that differ in their first rows alone go on alike."""
    canvas = scene(SIDE * 5 // 4, SIDE)
    other = canvas.copy()
    other[:16] = 1 - other[:16]
    plans = [engine._plan(upper(one, 144, top_k=1)) for one in (canvas, other)]
    assert [len(plan.given) for plan in plans] == [18, 18]
    same = [(one == two).all() for one, two in zip(plans[0].given, plans[1].given, strict=True)]
    assert not same[0] and all(same[-12:])
    shared = [replace(plan, given=torch.cat([plan.given[:3], plans[0].given[3:]])) for plan in plans]
    first, second = (list(engine._drawn(upper(canvas, 144, top_k=1), plan)) for plan in shared)
    assert len(first) == 2 and all((one == two).all() for one, two in zip(first, second, strict=True))


@pytest.mark.parametrize(("left", "found"), [(0, 0), (5, 5), (8, 8)])
def test_a_mask_says_how_many_rows_stay(left: int, found: int) -> None:
    assert left_of(upper(scene(8, 8), left).mask) == found


def done(task: Task, data: bytes | None = None) -> tuple[Result, np.ndarray]:
    result, file = finished(shipped(), SPEC, task, data)
    return result, np.asarray(decode(file, UNBOUNDED).pixels)


def test_a_whole_job_generates() -> None:
    result, pixels = done(Generate(engine=SPEC.name, label="dress", top_k=20, width=130, height=64, seed=3))
    assert pixels.shape == (64, 130, 3) and result.images[0].report.frame_equal
    assert result.recipe.parameters == PLAIN | {"label": "dress", "top_k": 20}


@pytest.mark.parametrize("odd", ODD)
def test_a_whole_job_completes_and_keeps_the_frame(odd: str) -> None:
    size, mode = ODD[odd]
    data = picture(size, mode)
    result, pixels = done(Customise(engine=SPEC.name, complete=0.7, seed=1), data)
    assert result.images[0].report.frame_equal
    assert (result.images[0].width, result.images[0].height, result.images[0].mode) == (*size, mode)
    given, left = np.asarray(Image.open(io.BytesIO(data))), round(0.7 * size[1])
    assert (pixels[:left] == given[:left]).all() and (pixels[left:] != given[left:]).any()
