"""Canvases larger than an engine works on: what the engine is given, and what comes back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from likeness.contract.catalogue import load_catalogue
from likeness.contract.engines import EngineSpec
from likeness.imaging.metrics.psnr import psnr
from tests.support.places import ROOT
from worker.components import Components, Weights
from worker.diffusion.starter import StarterAutoencoder, load_autoencoder
from worker.diffusion.tensors import signed_pixels, signed_to_canvas
from worker.editing.working_size import crop_around, made_at_working_size
from worker.engine import Canvas, EngineTask, StepHook, silent

CATALOGUE = load_catalogue()
EDITOR, PAINTER = CATALOGUE.find("instruct-pix2pix"), CATALOGUE.find("sd15")
EDITORS = ["instruct-pix2pix", "sdxl-instruct-pix2pix", "flux-kontext", "flux2-klein", "qwen-image-edit"]


@dataclass
class Network:
    """An engine that makes of each canvas what a function makes of it, and remembers what it was given."""

    make: Callable[[Canvas], Canvas]
    seen: list[EngineTask] = field(default_factory=list)
    calls: int = 0

    def generate(self, tasks: Sequence[EngineTask], on_step: StepHook) -> list[Canvas]:
        """Return what the function makes of each."""
        self.calls += 1
        self.seen += tasks
        on_step(1, 1, "denoising")
        return [self.make(task.canvas) for task in tasks]


class Encoding(Network):
    """An identity network behind the starter's autoencoder."""

    def __init__(self, vae: StarterAutoencoder) -> None:
        super().__init__(self.reconstruct)
        self.vae = vae

    @torch.inference_mode()
    def reconstruct(self, canvas: Canvas) -> Canvas:
        """Return the canvas encoded and decoded again."""
        latents = self.vae.encode(signed_pixels([canvas], "cpu")).latents
        return signed_to_canvas(self.vae.decode(latents).sample[0])


@cache
def photo(height: int, width: int) -> Canvas:
    """Return shapes, shading and grain: detail at every size."""
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    shade = 0.5 + 0.3 * np.sin(across / 97) * np.cos(down / 61) + 0.1 * np.sin(across * 1.3) * np.sin(down * 1.1)
    grain = np.random.default_rng(0).normal(0, 0.03, (height, width, 3))
    patches = np.random.default_rng(1).normal(0, 0.1, (height // 20, width // 20, 3))
    colours = cv2.resize(patches, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.clip(shade[..., None] * np.float32((0.9, 0.7, 0.5)) + grain + colours, 0, 1).astype(np.float32)


def ran(engine: Network, spec: EngineSpec, *tasks: EngineTask) -> list[Canvas]:
    return made_at_working_size(engine, spec, tasks, silent)


def hole(height: int, width: int, top: int, left: int, side: int) -> Canvas:
    mask = np.zeros((height, width), np.float32)
    mask[top : top + side, left : left + side] = 1
    return mask


@pytest.mark.parametrize("name", EDITORS)
def test_an_identity_network_gives_a_photo_of_12_megapixels_back(name: str) -> None:
    spec, given, engine = CATALOGUE.find(name), photo(3000, 4000), Network(np.copy)
    assert psnr(given, ran(engine, spec, EngineTask(given, 1))[0]) >= 45
    height, width = engine.seen[0].canvas.shape[:2]
    assert 0.95 < height * width / spec.canvas.area < 1.05, "it works at the area that it was trained at"


def test_so_does_one_behind_a_real_autoencoder() -> None:
    weights = Weights(ROOT / "weights", Path("none"))
    engine = Encoding(load_autoencoder(Components(weights, "cpu"), "starter"))
    given = photo(3000, 4000)
    (made,) = ran(engine, EDITOR, EngineTask(given, 1))
    assert psnr(given, made) >= 45
    assert psnr(engine.seen[0].canvas, engine.reconstruct(engine.seen[0].canvas)) < 45, "it does lose something"


def test_a_change_reaches_the_full_picture_and_its_detail_stays() -> None:
    given = photo(1200, 1600)
    (made,) = ran(Network(lambda canvas: canvas * np.float32((0.4, 0.6, 1.0))), EDITOR, EngineTask(given, 1))
    assert psnr(given * np.float32((0.4, 0.6, 1.0)), made) >= 30


def test_a_small_picture_goes_to_the_engine_as_it_is() -> None:
    given, engine = photo(400, 600), Network(np.copy)
    task = EngineTask(given, 1)
    ran(engine, EDITOR, task)
    assert engine.seen == [task]


@pytest.mark.parametrize(("strength", "tiled"), [(0.3, True), (0.6, False), (1.0, True)])
def test_only_what_is_refined_is_left_to_tiles(strength: float, tiled: bool) -> None:
    """At strength 1 nothing of the original is left, which the engine itself makes smaller and enlarges."""
    given, engine = photo(1200, 1600), Network(np.copy)
    ran(engine, PAINTER, EngineTask(given, 1, {"strength": strength}))
    assert (engine.seen[0].canvas.shape == given.shape) is tiled


def test_a_hole_is_filled_on_a_crop_around_it_at_its_own_scale() -> None:
    given, mask = photo(3000, 4000), hole(3000, 4000, 2700, 200, 200)
    engine = Network(np.zeros_like)
    (made,) = ran(engine, PAINTER, EngineTask(given, 1, {"strength": 1.0}, mask=mask))
    (seen,) = engine.seen
    assert seen.canvas.shape == (512, 512, 3) and seen.mask is not None and seen.mask.sum() == 200 * 200
    assert engine.calls == 1, "in one piece, not in tiles with an idea each"
    changed = (made != given).any(2)
    assert changed[mask > 0].all() and changed.sum() <= 512 * 512
    assert made.shape == given.shape


def test_a_crop_has_the_hole_amid_context_and_stays_inside() -> None:
    for top, left, side in ((0, 0, 40), (2960, 3960, 40), (1000, 2000, 900), (1, 3, 1200)):
        box = crop_around(hole(3000, 4000, top, left, side), PAINTER.canvas)
        assert box is not None
        assert 0 <= box.left <= left and left + side <= box.right <= 4000
        assert 0 <= box.top <= top and top + side <= box.bottom <= 3000
        sides = {box.right - box.left, box.bottom - box.top}
        assert min(sides) >= min(3000, max(512, side)) and not any(one % 8 for one in sides)
    assert crop_around(hole(512, 512, 0, 0, 40), PAINTER.canvas) is None, "the crop would be all of it"
    assert crop_around(np.zeros((999, 999), np.float32), PAINTER.canvas) is None


def test_tasks_whose_crops_differ_are_run_apart_and_come_back_in_order() -> None:
    given = photo(768, 1024)
    masks = [hole(768, 1024, 0, 0, 40), hole(768, 1024, 100, 100, 600), hole(768, 1024, 700, 900, 50)]
    engine, steps = Network(np.zeros_like), []
    tasks = [EngineTask(given, seed, {"strength": 1.0}, mask=mask) for seed, mask in enumerate(masks)]
    made = made_at_working_size(engine, PAINTER, tasks, lambda step, steps_, stage: steps.append((step, steps_)))
    assert engine.calls == 2 and steps == [(1, 2), (2, 2)]
    for one, mask in zip(made, masks, strict=True):
        assert one[mask > 0].mean() < 0.1 < given[mask > 0].mean()


def test_a_drift_is_undone_before_the_change_is_taken() -> None:
    """Else everything moved would count as new, and the whole photo come back soft."""
    editor = EDITOR.model_copy(update={"drifts": True})
    given = cv2.GaussianBlur(photo(1200, 1600), (0, 0), 1.5)

    def shifted(canvas: Canvas) -> Canvas:
        return np.roll(canvas, (2, 3), (0, 1))

    (made,) = ran(Network(shifted), editor, EngineTask(given, 1))
    (soft,) = ran(Network(shifted), editor.model_copy(update={"drifts": False}), EngineTask(given, 1))
    inside = (slice(100, -100), slice(100, -100))
    assert psnr(given[inside], made[inside]) > psnr(given[inside], soft[inside]) + 10


def test_what_has_no_trained_area_or_no_original_is_left_alone() -> None:
    given, engine = photo(1200, 1600), Network(np.copy)
    ran(engine, CATALOGUE.find("starter"), EngineTask(given, 1))
    ran(engine, EDITOR, replace(EngineTask(given, 1), from_scratch=True))
    assert [task.canvas.shape for task in engine.seen] == [given.shape] * 2


def test_a_large_hole_is_filled_small_and_comes_back_with_the_photos_grain() -> None:
    given, engine = photo(1200, 1600), Network(lambda canvas: np.full_like(canvas, 0.5))
    mask = hole(1200, 1600, 100, 100, 1000)
    (made,) = ran(engine, PAINTER, EngineTask(given, 1, {"strength": 1.0}, mask=mask))
    height, width = engine.seen[0].canvas.shape[:2]
    assert 0.9 < height * width / PAINTER.canvas.area < 1.1
    inside = made[300:900, 300:900]
    assert abs(inside.mean() - 0.5) < 0.01 and 0.01 < inside.std() < 0.1
