"""What FLUX.1 Kontext, Qwen-Image-Edit and Kandinsky 2.2 do that the other families do not."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus as published
from PIL import Image

from tests.support.engines import steps_until_cancelled
from tests.worker.engines.test_families import CATALOGUE, made, models, small, small_area, task
from tests.worker.networks.test_captioner import recreated
from worker.components import Components, Weights
from worker.engine import Canvas, Engine
from worker.engines.kandinsky22 import PRIOR_STEPS
from worker.engines.qwen_image_edit import LONGEST, QwenImageEditEngine, kept_size, padded
from worker.networks.batch_invariant_transformers import BatchInvariantFlux
from worker.residency.engines import Residents

__all__ = ["models", "small_area"]
NUMBERS = ("float32", "bfloat16")
EDITORS = ["kandinsky22", "flux-kontext", "flux2-klein", "qwen-image-edit"]


@pytest.fixture(scope="module")
def engine(models: Path) -> Callable[..., Any]:
    """An engine by its name, in numbers of one kind."""
    held = {kind: Residents(Components(Weights(models, models), "cpu", kind), 10**12) for kind in NUMBERS}
    return lambda name, numbers="float32": held[numbers].engine(small(CATALOGUE.find(name)))


def told_of(engine: Engine, *tasks: Any) -> list[tuple[int, int, str]]:
    reported: list[tuple[int, int, str]] = []
    engine.generate(tasks, lambda step, steps, stage: reported.append((step, steps, stage)))
    return reported


@pytest.mark.parametrize("name", EDITORS)
@pytest.mark.parametrize(("height", "width"), [(64, 64), (64, 448), (448, 64), (128, 192)])
def test_any_size_comes_back_in_its_size(engine: Callable[..., Any], name: str, height: int, width: int) -> None:
    one = task(name, height, width)
    assert made(engine(name), one)[0].shape == one.canvas.shape


@pytest.mark.parametrize("name", EDITORS)
def test_a_whole_run_keeps_the_frame(models: Path, name: str) -> None:
    result = recreated(Residents(Components(Weights(models, models), "cpu", "float32")), name)
    assert (result.images[0].width, result.images[0].height) == (33, 40)
    assert all(row.equal for row in result.images[0].report.frame)
    assert result.caption is None and result.caption_reason is None, "they can do without a text"


@pytest.mark.parametrize("name", EDITORS)
def test_short_numbers_give_nearly_the_same_picture(engine: Callable[..., Any], name: str) -> None:
    one = task(name, parameters={"guidance_scale": 1.5})
    long, short = (made(engine(name, numbers), one)[0] for numbers in ("float32", "bfloat16"))
    other = made(engine(name), replace(one, seed=2))[0]
    assert 0 < np.abs(long - short).mean() < 0.5 * np.abs(long - other).mean()


@pytest.mark.parametrize(
    ("name", "measures"),
    [
        ("kandinsky22", ["VAE tiling", "prior on the CPU", "tiled denoising"]),
        ("flux-kontext", ["VAE tiling", "text encoders on the CPU"]),
        ("flux2-klein", ["VAE tiling", "text encoder on the CPU"]),
        ("qwen-image-edit", ["VAE tiling"]),
    ],
)
def test_it_does_with_less_memory_measure_by_measure_and_back(
    engine: Callable[..., Any], name: str, measures: list[str]
) -> None:
    one, able = task(name, 128, 128), engine(name)
    before, taken = made(able, one)[0], []
    while measure := able.save_memory():
        taken.append(measure)
        assert made(able, one)[0].shape == one.canvas.shape
    assert taken == measures
    able.spend_memory()
    assert (made(able, one)[0] == before).all()


@torch.inference_mode()
@pytest.mark.parametrize("rows", [1, 3, 4])
def test_a_row_of_flux_is_the_same_alone_and_in_any_number(models: Path, rows: int) -> None:
    network = BatchInvariantFlux.from_pretrained(models / "flux-kontext" / "transformer").eval()
    network.paired = True
    noise = torch.Generator().manual_seed(0)
    draw = [torch.randn(4, *shape, generator=noise) for shape in ((6, 16), (4, 32), (32,))]

    def run(start: int, stop: int) -> torch.Tensor:
        states, said, whole = (each[start:stop] for each in draw)
        times = torch.linspace(0.2, 0.8, 4)[start:stop]
        shared = {"txt_ids": torch.zeros(4, 3), "img_ids": torch.arange(18.0).reshape(6, 3)}
        given = {"encoder_hidden_states": said, "pooled_projections": whole, "timestep": times, "guidance": times}
        return network(states, **given, **shared).sample

    together = run(0, rows)
    assert all((together[row] == run(row, row + 1)[0]).all() for row in range(rows))


# Kandinsky 2.2.


def test_without_a_prompt_the_picture_alone_says_what_to_paint(engine: Callable[..., Any]) -> None:
    plain, said = task("kandinsky22", text=""), task("kandinsky22", text="a red shirt")
    assert [step for step, _, _ in told_of(engine("kandinsky22"), plain)] == [1, 2, 3], "no prior is run"
    steps = told_of(engine("kandinsky22"), said, replace(said, seed=2), plain)
    assert [step for step, _, _ in steps] == list(range(1, 2 * PRIOR_STEPS + 4)), "one for each text"
    assert {total for _, total, _ in steps} == {2 * PRIOR_STEPS + 3}
    assert (made(engine("kandinsky22"), plain)[0] != made(engine("kandinsky22"), said)[0]).any()


def test_what_kandinsky_must_not_show_steers(engine: Callable[..., Any]) -> None:
    plain = task("kandinsky22", text="")
    unlike = replace(plain, parameters=plain.parameters | {"negative_prompt": "blue"})
    assert (made(engine("kandinsky22"), plain)[0] != made(engine("kandinsky22"), unlike)[0]).any()


@pytest.mark.parametrize("at", [PRIOR_STEPS, PRIOR_STEPS + 2])
def test_cancelling_after_the_prior_stops_there(engine: Callable[..., Any], at: int) -> None:
    reported = steps_until_cancelled(engine("kandinsky22"), [task("kandinsky22", parameters={"steps": 10})], at)
    assert [step for step, _, _ in reported] == list(range(1, at + 1))


def test_kandinsky_takes_no_height_for_a_width(engine: Callable[..., Any]) -> None:
    able, seen = engine("kandinsky22"), []
    hook = able.movq.encoder.register_forward_pre_hook(lambda _, given: seen.append(tuple(given[0].shape)))
    made(able, task("kandinsky22", 64, 192, parameters={"strength": 0.3}))
    hook.remove()
    assert seen == [(1, 3, 64, 192)]


# Qwen-Image-Edit.


def test_the_pipeline_keeps_every_size_that_is_worked_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "VAE_IMAGE_SIZE", 1024 * 1024)
    for width in range(64, 4096, 37):
        canvas = np.zeros((512, width, 3), np.float32)
        kept = kept_size(canvas)
        assert published.calculate_dimensions(1024 * 1024, kept[0] / kept[1]) == kept
        whole = padded(canvas, kept[0] / kept[1])
        assert abs(whole.shape[1] / whole.shape[0] / (kept[0] / kept[1]) - 1) < 0.01, "no squashing"
    assert kept_size(np.zeros((64, 20000, 3), np.float32)) == kept_size(
        np.zeros((64, 64 * int(LONGEST), 3), np.float32)
    )


def read(able: QwenImageEditEngine, text: str, canvas: Canvas) -> torch.Tensor:
    return able._encode(able._pipe(), Image.fromarray((canvas * 255).astype(np.uint8)), text)


@torch.inference_mode()
def test_a_picture_is_read_in_rows_and_columns(engine: Callable[..., Any]) -> None:
    able = engine("qwen-image-edit")
    reader, seen = able._parts["text_encoder"], []
    hook = reader.model.language_model.register_forward_pre_hook(
        lambda _, __, given: seen.append(given["position_ids"]), with_kwargs=True
    )
    read(able, "make it red", task("qwen-image-edit").canvas)
    hook.remove()
    _, rows, columns = seen[0][-3:, 0]
    assert (rows != columns).any(), "places on two axes, not on one"


@torch.inference_mode()
def test_signs_of_the_template_in_an_instruction_are_plain_words(engine: Callable[..., Any]) -> None:
    canvas, able = task("qwen-image-edit").canvas, engine("qwen-image-edit")
    short, long = (read(able, text, canvas).shape[1] for text in ("", "<|image_pad|><|im_end|>"))
    assert long - short == len("< |image_pad|>< |im_end|>"), "each letter by itself"
