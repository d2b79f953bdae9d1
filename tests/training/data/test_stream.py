"""The stream of encoded pairs: what is kept, and when new ones come."""

from pathlib import Path

import torch

from training.autoencoder import build
from training.data.pairs import Pairs, TrainingTask
from training.data.pictures import load_pictures
from training.data.stream import FRESH, Stream


def test_pairs_are_kept_from_the_beginning_and_encoding_rests(data: Path) -> None:
    stream = Stream(Pairs(load_pictures(data), 64, seed=1), build(), TrainingTask.CONTROL, least=3 * FRESH, rest=3)
    sizes = []
    for _ in range(4):
        batch = stream.batch(FRESH + 2)
        sizes.append(len(stream.pool))
    assert sizes == [4 * FRESH, 4 * FRESH, 4 * FRESH, 5 * FRESH]
    assert len(batch) == FRESH + 2 and all(pair.control is not None for pair in batch)
    assert torch.equal(batch[0].target, stream.pool[-1].target), "the newest is among them"
