"""The transformer's recipe, on pictures that the test makes and a VQGAN that has learnt nothing."""

import csv
import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.support.training import resumed
from training.data.pictures import load_pictures
from training.vqgan_transformer import ANY, TALLEST, Run, TokenDataset, build, cut, labels_of, loss_of, on_white
from worker.engines.vqgan_transformer import loaded
from worker.networks.vqgan import ACROSS, SIDE, VQGAN

CODES = 32


@pytest.fixture(scope="module")
def vqgan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("vqgan")
    VQGAN(codes=CODES, encoder_layers=(0, 1, 1, 1), decoder_layers=(0, 1, 1, 1)).eval().save_pretrained(folder)
    return folder


@pytest.mark.parametrize(("height", "width", "rows"), [(341, 256, TALLEST), (256, 341, ACROSS), (900, 256, TALLEST)])
def test_cuts_are_whole_rows_of_tokens(height: int, width: int, rows: int) -> None:
    photo = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
    assert cut(photo, None).shape == (rows * 8, SIDE, 3)
    for seed in range(5):
        part = cut(photo, np.random.default_rng(seed))
        assert part.shape[1] == SIDE and ACROSS * 8 <= part.shape[0] <= TALLEST * 8 and part.shape[0] % 8 == 0


def test_a_product_stands_on_white() -> None:
    photo, mask = np.full((4, 6, 3), 90, np.uint8), np.zeros((4, 6), np.uint8)
    mask[1:3, 2:4] = 255
    made = on_white(photo, mask)
    assert (made[mask > 0] == 90).all() and (made[mask == 0] == 255).all()


def test_lessons_are_windows_behind_labels_that_are_at_times_left_out() -> None:
    tokens = torch.arange(TALLEST)[:, None].repeat(1, ACROSS).repeat(3, 1, 1).to(torch.int16)
    tokens[0, ACROSS:] = -1
    dataset = TokenDataset(tokens, torch.tensor([1, 2, 2]), tokens)
    windows, labels = dataset.batch(600, torch.Generator().manual_seed(0))
    rows = windows.view(600, ACROSS, ACROSS)
    assert (rows.diff(dim=1) == 1).all() and windows.min() == 0 and windows.max() == TALLEST - 1
    assert 0.05 < (labels == 0).float().mean() < 0.15 and set(labels.tolist()) == {0, 1, 2}


def test_the_loss_sees_only_what_is_before() -> None:
    torch.manual_seed(0)
    gpt = build(CODES, [ANY, "shirt"]).eval()
    windows, labels = torch.randint(CODES, (1, ACROSS * ACROSS)), torch.tensor([1])
    given = torch.cat([CODES + labels[:, None], windows[:, :-1]], 1)
    changed = given.clone()
    changed[0, 100] = (changed[0, 100] + 1) % CODES
    with torch.inference_mode():
        logits, other = (gpt(one).logits[0] for one in (given, changed))
        assert torch.equal(logits[:100], other[:100]) and not torch.equal(logits[100:], other[100:])
        assert abs(float(loss_of(gpt, CODES, windows, labels)) - np.log(CODES)) < 0.5


def test_a_run_is_resumed_and_leaves_weights_that_load(data: Path, vqgan: Path, tmp_path: Path) -> None:
    settings = {"data": data, "vqgan": vqgan, "batch": 2, "rate": 1e-3, "seed": 1, "every": 1e9}
    before = resumed(partial(Run, tmp_path), 0.005, settings)
    tokens = load_file(tmp_path / "tokens.safetensors")
    assert tokens["tokens"].shape == (12 * 4, TALLEST, ACROSS) and tokens["labels"].shape == (12 * 4,)
    rows = list(csv.reader((tmp_path / "log.csv").read_text().splitlines()))
    assert int(rows[-1][0]) > before and all(0 < float(row[3]) < 6 for row in rows)
    gpt = loaded(tmp_path / "vqgan-transformer")
    assert list(gpt.config.id2label.values()) == json.loads((tmp_path / "labels.json").read_text()) == [ANY]
    weights = load_file(tmp_path / "vqgan-transformer/model.safetensors")
    assert {value.dtype for value in weights.values()} == {torch.float16}
    assert (tmp_path / "samples.png").exists()


def test_only_common_classes_have_a_label(data: Path) -> None:
    pictures = load_pictures(data)
    assert set(pictures.labels) == {"shirt"} and labels_of(pictures) == [ANY]
