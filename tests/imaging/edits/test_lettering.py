from typing import get_args

import numpy as np
import pytest

from likeness.contract.options import Font
from likeness.imaging.edits.lettering import arched, lines_of, outlined, text_stamp, turned, unprintable

BLACK = (0, 0, 0)
FONTS = get_args(Font)


@pytest.mark.parametrize(
    ("text", "missing"),
    [("Just do it!", ""), ("50% off, {now}", ""), ("“Yes” … it’s", ""), ("a\tb\nc\u00a0d", ""), ("Café café €5", "é€")],
)
def test_what_the_font_lacks_is_named_once(text, missing):
    assert unprintable(text) == missing


@pytest.mark.parametrize("text", ["I", "Just do it", "SUMMER SALE", "g" * 80, "one two three four five six seven " * 2])
@pytest.mark.parametrize("height", [1, 9, 64, 300])
def test_a_stamp_is_cut_to_its_ink_and_not_higher_than_asked(text, height):
    stamp = text_stamp(text, height, (255, 0, 51))
    alpha = stamp[..., 3]
    assert stamp.shape[2] == 4 and stamp.dtype == np.float32
    assert stamp.shape[0] <= max(height, 9)
    assert stamp[0, 0, :3] == pytest.approx([1, 0, 0.2])
    assert alpha.min() >= 0 and alpha.max() <= 1 and alpha.max() > 0
    assert alpha[0].any() and alpha[-1].any() and alpha[:, 0].any() and alpha[:, -1].any()


def test_edges_are_soft_and_a_larger_stamp_is_the_same_in_shape():
    small, large = (text_stamp("Just do it", height, BLACK) for height in (40, 200))
    assert np.mean((large[..., 3] > 0) & (large[..., 3] < 1)) > 0.005
    assert small.shape[1] / small.shape[0] == pytest.approx(large.shape[1] / large.shape[0], rel=0.1)


def test_a_long_text_is_broken_so_that_it_reads_larger():
    word, title, sentence = (
        text_stamp(text, 200, BLACK) for text in ("Hello", "SUMMER SALE", "the quick brown fox " * 4)
    )
    rows = [
        np.count_nonzero(np.diff(np.any(stamp[..., 3] > 0, axis=1).astype(int)) == 1) + 1 for stamp in (word, title)
    ]
    assert rows == [1, 2]
    wide = text_stamp("SUMMER SALE", 200, BLACK, shape=8.0)
    assert wide.shape[1] > 3 * wide.shape[0]
    assert sentence.shape[1] / sentence.shape[0] < 4


def test_a_blank_text_is_refused():
    with pytest.raises(ValueError, match="the text is blank"):
        text_stamp(" \n ", 20, BLACK)


@pytest.mark.parametrize("font", FONTS)
def test_every_font_that_can_be_asked_prints_and_differs_from_the_others(font):
    stamp = text_stamp("Summer 50%", 80, BLACK, font=font)
    assert 0.1 < stamp[..., 3].mean() < 0.8
    others = [text_stamp("Summer 50%", 80, BLACK, font=other) for other in FONTS if other != font]
    assert all(other.shape != stamp.shape or not np.array_equal(other, stamp) for other in others)


def test_other_fonts_have_the_accents_that_the_default_lacks():
    assert unprintable("Café", "sans") == "é" and unprintable("Café für 5 €", "serif") == ""


def test_lines_that_are_given_are_kept():
    assert lines_of("one two\n three", 9.0, "sans") == ["one two", "three"]
    assert lines_of("one two", 20.0, "sans") == ["one two"]


def test_a_turned_stamp_keeps_its_ink_and_a_quarter_turn_swaps_its_sides():
    stamp = text_stamp("Sale", 60, (10, 200, 30))
    quarter, slanted = turned(stamp, 90), turned(stamp, 30)
    assert quarter.shape[:2] == pytest.approx(stamp.shape[1::-1], abs=1)
    for made in (quarter, slanted):
        assert made[..., 3].sum() == pytest.approx(stamp[..., 3].sum(), rel=0.03)
        off = made[..., :3][made[..., 3] > 0.9] - np.array([10, 200, 30]) / 255
        assert np.abs(off).max() < 0.02
    assert turned(stamp, 0) is stamp


@pytest.mark.parametrize("curve", [0.3, 1.0, -0.3, -1.0])
def test_an_arched_stamp_keeps_its_ink_and_rises_or_sinks_in_the_middle(curve):
    stamp = np.ones((20, 200, 4), dtype=np.float32)
    made = arched(stamp, curve)
    assert made[..., 3].sum() == pytest.approx(stamp[..., 3].sum(), rel=0.1)
    middle = np.flatnonzero(made[:, made.shape[1] // 2, 3] > 0.5).mean()
    ends = np.nonzero(made[:, :8, 3] > 0.5)[0].mean()
    assert bool(middle < ends) is (curve > 0)
    assert arched(stamp, 0) is stamp


def test_an_outline_surrounds_what_is_shown():
    stamp = np.zeros((30, 30, 4), dtype=np.float32)
    stamp[10:20, 10:20] = (1, 0, 0, 1)
    made = outlined(stamp, (255, 255, 255), 0.1)
    centre = np.array(made.shape[:2]) // 2
    assert made[tuple(centre)] == pytest.approx([1, 0, 0, 1], abs=0.01)
    assert made[centre[0], centre[1] - 7] == pytest.approx([1, 1, 1, 1], abs=0.1)
    assert made[0, 0, 3] == 0
