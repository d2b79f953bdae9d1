"""Prompts: emphasis, length, layers; against the pipelines that everybody uses."""

import pytest
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import StableDiffusionXLPipeline

from tests.support import tiny
from worker.diffusion.prompts import (
    MOST_WEIGHT,
    Encoder,
    chunks,
    emphasised,
    encode_prompts,
    group_by_prompt_length,
    states,
)

TEXT = "a red shirt, hanging"


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    torch.manual_seed(0)
    model = tiny.text_encoder()
    torch.nn.init.normal_(model.final_layer_norm.bias)  # as after training: a new norm's states have a mean of 0
    return Encoder(tiny.tokenizer(), model)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("plain", [("plain", 1.0)]),
        ("a (red:1.4) shirt", [("a ", 1.0), ("red", 1.4), (" shirt", 1.0)]),
        ("(red)", [("red", 1.1)]),
        ("[red]", [("red", 1 / 1.1)]),
        ("((red))", [("red", 1.1 * 1.1)]),
        ("(red:.5) (blue:2 )", [("red", 0.5), (" ", 1.0), ("blue", 2.0)]),
        (r"\(red\)", [("(red)", 1.0)]),
        ("at 10:30 :) (", [("at 10:30 :) (", 1.0)]),
        ("(red", [("(red", 1.0)]),
        ("(red:99)", [("red", MOST_WEIGHT)]),
        ("", []),
    ],
)
def test_brackets_say_what_weighs_more(text: str, pieces: list[tuple[str, float]]) -> None:
    assert [(piece, pytest.approx(weight)) for piece, weight in pieces] == emphasised(text)


def test_a_plain_prompt_is_read_as_diffusers_reads_it(encoder: Encoder) -> None:
    pipe = StableDiffusionPipeline(
        vae=tiny.autoencoder(),
        text_encoder=encoder.model,
        tokenizer=encoder.tokenizer,
        unet=tiny.unet(),
        scheduler=None,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    with torch.inference_mode():
        theirs, nothing = pipe.encode_prompt(TEXT, "cpu", 1, True)
        ours = encode_prompts([encoder], TEXT, "", 0, normed=True)
    assert torch.equal(ours["prompt_embeds"], theirs) and torch.equal(ours["negative_prompt_embeds"], nothing)


def test_sdxl_s_two_encoders_are_read_as_diffusers_reads_them(tmp_path) -> None:
    tiny.sdxl(tmp_path)
    pipe = StableDiffusionXLPipeline.from_pretrained(tmp_path, add_watermarker=False)
    encoders = [Encoder(pipe.tokenizer, pipe.text_encoder), Encoder(pipe.tokenizer_2, pipe.text_encoder_2)]
    with torch.inference_mode():
        theirs = pipe.encode_prompt(TEXT, device="cpu", negative_prompt="blur")
        ours = encode_prompts(encoders, TEXT, "blur", 1, normed=False)
    names = ("prompt_embeds", "negative_prompt_embeds", "pooled_prompt_embeds", "negative_pooled_prompt_embeds")
    assert all(torch.equal(ours[name], value) for name, value in zip(names, theirs, strict=True))


def test_a_weight_moves_the_states_of_its_tokens_and_keeps_the_mean(encoder: Encoder) -> None:
    with torch.inference_mode():
        plain, heavy = (
            states(encoder, chunks(encoder, text), 0, normed=True)[0] for text in ("red shirt", "(red:1.5) shirt")
        )
    assert heavy.mean() == pytest.approx(plain.mean().item(), abs=1e-5)
    ratio = (heavy / plain)[0, :, 0]
    assert ratio[1] / ratio[4] == pytest.approx(1.5, rel=1e-3), "a letter of red against one of shirt"


def test_a_long_prompt_is_read_to_its_end(encoder: Encoder) -> None:
    long = "red " * 60
    with torch.inference_mode():
        one, other = (
            encode_prompts([encoder], long + end, "", 0, normed=True)["prompt_embeds"] for end in ("shirt", "hat")
        )
    assert one.shape[1] == 3 * 77 and not torch.equal(one, other)


def test_what_a_picture_must_not_show_is_as_long_as_what_it_shows(encoder: Encoder) -> None:
    with torch.inference_mode():
        one = encode_prompts([encoder], "red", "blue " * 60, 0, normed=True)
        other = encode_prompts([encoder], "red", "", 0, normed=True)
    assert one["prompt_embeds"].shape == one["negative_prompt_embeds"].shape == (1, 4 * 77, 32)
    assert group_by_prompt_length([one, other, one]) == [[0, 2], [1]]


def test_skipped_layers_are_earlier_ones(encoder: Encoder) -> None:
    with torch.inference_mode():
        made = [encode_prompts([encoder], TEXT, "", skipped, normed=True)["prompt_embeds"] for skipped in (0, 1, 2)]
    assert not torch.equal(made[0], made[1]) and not torch.equal(made[1], made[2])
