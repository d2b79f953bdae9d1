import numpy as np
import pytest
import torch
from PIL import Image
from transformers import CLIPImageProcessorPil, CLIPModel, CLIPTokenizer

from tests.imaging.metrics.pairs import noisy, textured
from tests.worker.metrics.models import save_clip
from worker.metrics.clip import clip_score, clip_similarity, directional_similarity, load, prepared

TEXTS = ("a photo of a product", "a photo of a red product")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_clip(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def clip(folder):
    return load(folder)


def as_image(rgb):
    return Image.fromarray(np.rint(rgb * 255).astype(np.uint8))


@pytest.mark.parametrize("size", [(32, 32), (50, 80), (90, 33), (7, 20), (1, 1), (120, 31)])
def test_pictures_are_prepared_as_by_the_reference(size):
    rgb = textured(*size)
    reference = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    oracle = reference(as_image(rgb), return_tensors="np")["pixel_values"][0]
    assert prepared(rgb, 32).transpose(2, 0, 1) == pytest.approx(oracle, abs=1e-5)


def test_a_very_long_picture_is_seen_without_growing_it_whole():
    rgb = textured(1, 60_000)
    assert prepared(rgb, 224).shape == (224, 224, 3)


def test_the_figures_are_those_of_transformers_own_model(folder, clip):
    """Its logits are cosines times a factor; the rest follows from its embeddings, in NumPy."""
    given, made = textured(40, 60), noisy(textured(40, 60), 0.3)
    model, tokenizer = CLIPModel.from_pretrained(folder), CLIPTokenizer.from_pretrained(folder)
    pixels = np.stack([prepared(one, 32).transpose(2, 0, 1) for one in (given, made)])
    tokens = tokenizer(list(TEXTS), padding=True, return_tensors="pt")
    with torch.no_grad():
        said = model(pixel_values=torch.from_numpy(pixels), **tokens)
    cosines = (said.logits_per_image / model.logit_scale.exp()).detach().numpy()
    images, texts = (np.asarray(one.detach(), np.float64) for one in (said.image_embeds, said.text_embeds))
    picture, caption = images[1] - images[0], texts[1] - texts[0]
    direction = picture @ caption / np.linalg.norm(picture) / np.linalg.norm(caption)

    seen, read = [clip.image(one) for one in (given, made)], [clip.text(text) for text in TEXTS]
    for row, image in enumerate(seen):
        for column, text in enumerate(read):
            assert clip_score(image, text) == pytest.approx(float(cosines[row, column]), abs=1e-5)
    assert clip_similarity(*seen) == pytest.approx(float(images[0] @ images[1]), abs=1e-5)
    assert directional_similarity(*seen, *read) == pytest.approx(float(direction), abs=1e-3)


def test_equal_pictures_are_at_1_and_have_no_direction(clip):
    seen, (before, after) = clip.image(textured(40, 40)), (clip.text(text) for text in TEXTS)
    assert clip_similarity(seen, seen) == pytest.approx(1, abs=1e-6)
    assert directional_similarity(seen, seen, before, after) is None
    assert directional_similarity(seen, clip.image(1 - textured(40, 40)), before, before) is None


def test_the_direction_turns_with_the_captions(clip):
    seen = [clip.image(textured(40, 40, seed)) for seed in (0, 1)]
    read = [clip.text(text) for text in TEXTS]
    there, back = directional_similarity(*seen, *read), directional_similarity(*seen, *reversed(read))
    assert there == pytest.approx(-back, abs=1e-6) and -1 <= there <= 1


def test_a_text_beyond_the_models_longest_is_cut(clip):
    start = "red product " * 100
    assert torch.equal(clip.text(start), clip.text(start + "and something else"))


def test_what_is_not_there_is_an_oserror(tmp_path):
    with pytest.raises(OSError, match=r"model\.safetensors"):
        load(tmp_path)
