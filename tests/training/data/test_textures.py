"""Pictures of styles that are made by program."""

from pathlib import Path

import numpy as np
import pytest

from training.data.pictures import load_pictures
from training.data.textures import KINDS, Styles, jittered


@pytest.mark.parametrize("kind", KINDS)
def test_a_texture_has_several_colours_and_another_seed_is_another_one(kind: str) -> None:
    first, again, other = (KINDS[kind](np.random.default_rng(seed), 48) for seed in (1, 1, 2))
    assert first.shape == (48, 48, 3) and first.dtype == np.uint8
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert len(np.unique(first.reshape(-1, 3), axis=0)) >= 2


def test_styles_come_from_everywhere(data: Path) -> None:
    styles = Styles(load_pictures(data), 48, seed=3)
    drawn = [styles.draw() for _ in range(40)]
    assert all(one.shape == (48, 48, 3) and one.dtype == np.uint8 for one in drawn)
    assert np.ptp([one.mean() for one in drawn]) > 60
    again = Styles(load_pictures(data), 48, seed=3)
    assert all(np.array_equal(one, again.draw()) for one in drawn)


def test_jitter_turns_the_hue() -> None:
    red = np.full((4, 4, 3), (200, 30, 30), np.uint8)
    hues = {int(jittered(np.random.default_rng(seed), red)[0, 0].argmax()) for seed in range(12)}
    assert hues == {0, 1, 2}
