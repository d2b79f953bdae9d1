"""How far an outline wavers where the photo's edge does not."""

import numpy as np
import pytest

from likeness.contract.gates import MOST_WAVY
from likeness.imaging.metrics.edits.waviness import wavering_of

CLOTH, WALL = np.array((180, 60, 70)), np.array((200, 205, 200))


def flower(side: int, waves: int, deep: float) -> np.ndarray:
    """Return the alpha, 0..255, of a disc whose radius goes in and out so many times by so much of 400 px."""
    y, x = np.mgrid[:side, :side] - side / 2
    radius = (120 + deep * np.sin(waves * np.arctan2(y, x))) * side / 400
    return np.rint(255 * np.clip(radius - np.hypot(x, y) + 0.5, 0, 1)).astype(np.uint8)


def photo(alpha: np.ndarray) -> np.ndarray:
    """Return the picture of a product of that alpha."""
    share = alpha[..., None] / 255
    noise = np.random.default_rng(0).normal(0, 6, (*alpha.shape, 3))
    return np.clip(CLOTH * share + WALL * (1 - share) + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("side", [400, 900])
def test_waves_of_the_cut_alone_are_seen_and_those_of_the_photo_are_not(side: int) -> None:
    straight, lace = flower(side, 50, 0), flower(side, 50, 1.5)
    assert (wavering_of(photo(straight), straight) or 0) < 0.6 * MOST_WAVY
    assert (wavering_of(photo(lace), lace) or 0) < MOST_WAVY, "the photo's own edge wavers"
    assert (wavering_of(photo(straight), lace) or 0) > 1.5 * MOST_WAVY


def test_a_deeper_wave_is_worse_and_where_the_photo_shows_no_edge_it_counts() -> None:
    straight = photo(flower(400, 50, 0))
    told = [wavering_of(straight, flower(400, 50, deep)) or 0 for deep in (0.0, 0.8, 1.6)]
    assert told == sorted(told)
    blank = np.full((400, 400, 3), WALL, np.uint8)
    assert (wavering_of(blank, flower(400, 50, 1.5)) or 0) > 1.5 * MOST_WAVY


def test_nothing_to_look_at_gives_none() -> None:
    assert wavering_of(photo(flower(400, 0, 0)), np.zeros((400, 400), np.uint8)) is None
    assert wavering_of(np.zeros((8, 8, 3), np.uint8), np.full((8, 8), 255, np.uint8)) is None
