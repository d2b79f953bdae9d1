"""The denoiser's recipe, on data that the test makes."""

import csv
from argparse import Namespace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import CLIPTextModel, CLIPTokenizer

from likeness.contract.colour_names import CHROMATIC
from likeness.contract.grammar import understand
from likeness.contract.instructions import Edit, EditKind
from likeness.imaging.edits.apply import apply_edit
from tests.support.training import resumed
from training.autoencoder import build
from training.data import tokenizer as merged
from training.data.pairs import Pairs, TrainingTask, drawn_edit
from training.data.phrases import phrase
from training.data.pictures import load_pictures
from training.denoiser import Run
from training.loop import judge
from training.loop.family import build_text
from training.starts.text import text_start
from worker.networks.starter import StarterUNet


@pytest.fixture
def pairs(data: Path) -> Pairs:
    return Pairs(load_pictures(data), 64, seed=5)


def test_pairs_are_seeded_and_in_range(data: Path, pairs: Pairs) -> None:
    again = Pairs(load_pictures(data), 64, seed=5)
    for _ in range(12):
        one, other = pairs.make(), again.make()
        assert one.text == other.text and np.array_equal(one.target, other.target)
        assert one.target.shape == (64, 64, 3) and one.target.min() >= 0 and one.target.max() <= 1


def test_each_lesson_gives_what_it_teaches(pairs: Pairs) -> None:
    drawing, filling = pairs.make(TrainingTask.DRAW), pairs.make(TrainingTask.FILL)
    assert drawing.source is None and not drawing.mask.any() and drawing.text.startswith("a photo of a")
    outside = filling.mask == 0
    assert np.array_equal(filling.source[outside], filling.target[outside]) and filling.mask.any()
    assert (filling.source[filling.mask == 1] == 0.5).all()
    control = pairs.make(TrainingTask.CONTROL).control
    assert control is not None and control.shape == (64, 64, 3)


def test_a_product_edit_leaves_the_background_alone(pairs: Pairs) -> None:
    shot = pairs.make(TrainingTask.EDIT)
    made = apply_edit(shot.source, shot.mask, Edit(EditKind.RECOLOUR, colour="red"))
    assert np.array_equal(made[shot.mask == 0], shot.source[shot.mask == 0])
    assert np.abs(made - shot.source)[shot.mask == 1].mean() > 0.02


def test_every_phrase_is_understood_as_the_edit_it_was_made_of() -> None:
    random = np.random.default_rng(1)
    for _ in range(400):
        edit = drawn_edit(random)
        assert understand(phrase(edit, "t-shirt", random)) == edit


def test_the_tokenizer_spells_any_word_and_loads_again(merges: Path, tmp_path: Path) -> None:
    made = merged.build(merges)
    made.save_pretrained(tmp_path)
    again = CLIPTokenizer.from_pretrained(tmp_path)
    for text in ("make it red", "Ünïcode – ok?", "mauve"):
        ids = again(text, padding="max_length", truncation=True).input_ids
        assert ids == made(text, padding="max_length", truncation=True).input_ids
        assert len(ids) == merged.LENGTH and again.unk_token_id not in ids[1 : ids.index(again.eos_token_id)]
    assert made.tokenize("make it red") == ["make</w>", "it</w>", "red</w>"]


def test_the_text_encoder_learns_what_is_asked(merges: Path) -> None:
    torch.manual_seed(0)
    tokenizer = merged.build(merges)
    first = text_start(build_text(tokenizer), tokenizer, ["shirt"], seed=1, steps=2)
    assert text_start(build_text(tokenizer), tokenizer, ["shirt"], seed=1, steps=12) < first


def test_a_run_is_resumed_and_leaves_parts_that_load(
    data: Path, merges: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge, "SIDE", 64)
    monkeypatch.setattr(judge, "PHOTOS", 1)
    monkeypatch.setattr(judge, "SHOWN", ("make it red",))
    monkeypatch.setattr("training.denoiser.TEXT_STEPS", 2)
    build().save_pretrained(tmp_path / "vae")
    settings = {"data": data, "vae": tmp_path / "vae", "vocabulary": merges, "until": None, "start": None}
    settings |= {"size": 64, "batch": 2, "rate": 1e-4, "seed": 1, "every": 1e9}
    before = resumed(partial(Run, tmp_path / "run"), 0.005, settings)
    rows = list(csv.DictReader((tmp_path / "run/log.csv").read_text().splitlines()))
    assert [int(row["step"]) for row in rows][-1] > before and set(rows[0]) >= {"hue", "outside"}
    StarterUNet.from_pretrained(tmp_path / "run/unet", use_safetensors=True)
    CLIPTextModel.from_pretrained(tmp_path / "run/text_encoder", use_safetensors=True)
    weights = load_file(tmp_path / "run/unet/diffusion_pytorch_model.safetensors")
    assert {value.dtype for value in weights.values()} == {torch.float16}
    assert (tmp_path / "run/samples.png").exists()
    onward = Run(tmp_path / "onward", Namespace(minutes=0.005, **(settings | {"start": tmp_path / "run"})))
    taken = StarterUNet.from_pretrained(tmp_path / "run/unet").float().state_dict()
    assert all(torch.equal(value, taken[name]) for name, value in onward.family.unet.state_dict().items())
    words_before = {name: value.clone() for name, value in onward.family.text.state_dict().items()}
    onward.train()
    assert all(torch.equal(value, words_before[name]) for name, value in onward.family.text.state_dict().items())


def test_the_hue_of_a_colour_is_its_own() -> None:
    for name, rgb in CHROMATIC.items():
        flat = np.broadcast_to(np.float32(rgb) / 255, (4, 4, 3)).astype(np.float32)
        assert judge.hue_error(flat, np.ones((4, 4), np.float32), rgb) < 0.1, name
