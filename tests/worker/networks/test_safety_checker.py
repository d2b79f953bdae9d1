"""The safety checker, on a small one of random weights."""

import logging

import numpy as np
import pytest
import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from safetensors.torch import load_file, save_file
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from likeness.imaging.colour import as_rgb
from tests.imaging.metrics.pairs import textured
from tests.worker.networks.checkers import SIDE, as_published, write_checker
from worker.networks.safety_checker import MEAN, PART, SPREAD, load, squares


@pytest.mark.parametrize("fires", [True, False])
def test_it_refuses_what_passes_a_threshold_and_leaves_the_picture_alone(tmp_path, fires, caplog):
    checker = load(write_checker(tmp_path, fires), "cpu")
    picture = textured(48, 40)
    before = picture.copy()
    with caplog.at_level(logging.WARNING):
        assert checker.refuses(picture) is fires
    assert np.array_equal(picture, before) and not caplog.records


def test_weights_named_as_the_published_ones_are_all_read(tmp_path):
    written = StableDiffusionSafetyChecker.from_pretrained(write_checker(tmp_path, True)).state_dict()
    as_published(tmp_path)
    assert any(name.startswith("vision_model.vision_model.") for name in load_file(tmp_path / "model.safetensors"))
    read = load(tmp_path, "cpu")._model.state_dict()
    assert all(torch.equal(read[name], weights) for name, weights in written.items())


def test_a_pipelines_folder_with_weights_in_16_bits_is_read(tmp_path):
    write_checker(tmp_path / PART, True, torch.float16)
    checker = load(tmp_path, "cpu")
    assert checker.refuses(textured(48, 40))
    assert {parameter.dtype for parameter in checker._model.parameters()} == {torch.float32}


def test_a_checker_that_lacks_weights_is_not_loaded(tmp_path):
    file = write_checker(tmp_path, False) / "model.safetensors"
    weights = load_file(file)
    del weights["visual_projection.weight"]
    save_file(weights, file, {"format": "pt"})
    with pytest.raises(OSError, match=r"missing: visual_projection\.weight"):
        load(tmp_path, "cpu")


def test_pickled_weights_are_not_loaded(tmp_path):
    file = write_checker(tmp_path, False) / "model.safetensors"
    torch.save(load_file(file), tmp_path / "pytorch_model.bin")
    file.unlink()
    with pytest.raises(OSError, match="safetensors"):
        load(tmp_path, "cpu")


@pytest.mark.parametrize("size", [(SIDE, SIDE), (90, 90), (20, 20)])
def test_a_square_is_seen_as_clips_own_preprocessing_shows_it(size):
    picture = textured(*size)
    reference = CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})
    wanted = reference(as_rgb(picture), return_tensors="np")["pixel_values"]
    ours = ((squares(picture, SIDE) - MEAN) / SPREAD).transpose(0, 3, 1, 2)
    assert np.allclose(ours, wanted, atol=1e-4)


@pytest.mark.parametrize(
    ("size", "count"), [((64, 64), 1), ((64, 68), 2), ((64, 190), 3), ((500, 64), 8), ((64, 9000), 8)]
)
def test_squares_reach_from_end_to_end(size, count):
    picture = np.zeros((*size, 3), np.float32)
    picture[-5:, -5:] = 1
    picture[:5, :5] = 1
    seen = squares(picture, SIDE)
    assert seen.shape == (count, SIDE, SIDE, 3)
    assert seen[0, 0, 0].max() > 0.9 and seen[-1, -1, -1].max() > 0.9


def test_what_lies_at_an_end_is_seen(tmp_path):
    """A concept that only the left end of a long picture shows; the middle of it is blank."""
    checker = load(write_checker(tmp_path, False), "cpu")
    blank, marked = np.ones((32, 160, 3), np.float32), np.ones((32, 160, 3), np.float32)
    marked[:, :32] = textured(32, 32)
    model = checker._model
    with torch.inference_mode():
        given = torch.from_numpy(((squares(marked, SIDE) - MEAN) / SPREAD).transpose(0, 3, 1, 2))
        shown = torch.nn.functional.normalize(model.visual_projection(model.vision_model(given)[1]))
        model.concept_embeds[:] = shown[0]
        model.concept_embeds_weights.fill_(float((shown[2] @ shown[0] + 1) / 2))
    assert checker.refuses(marked) and not checker.refuses(blank)
