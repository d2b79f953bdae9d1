from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from likeness.imaging.tiles import Blend, Box, boxes


@st.composite
def layouts(draw):
    multiple = draw(st.sampled_from([1, 4, 8]))
    tile = draw(st.integers(2, 8))
    overlap = draw(st.integers(0, tile - 1))
    height, width = draw(st.integers(1, 24)), draw(st.integers(1, 24))
    return [value * multiple for value in (height, width, tile, overlap)] + [multiple]


@given(layouts())
@settings(max_examples=200, deadline=None)
def test_tiles_cover_the_canvas_aligned_and_overlapping(layout):
    height, width, tile, overlap, multiple = layout
    found = boxes(height, width, tile, overlap, multiple)
    covered = np.zeros((height, width), dtype=int)
    for box in found:
        covered[box.top : box.bottom, box.left : box.right] += 1
        assert not any(value % multiple for value in (box.top, box.left, box.bottom, box.right))
        assert (box.bottom - box.top, box.right - box.left) == (min(tile, height), min(tile, width))
        assert box.bottom <= height and box.right <= width
    assert covered.all()
    for starts in ({box.left for box in found}, {box.top for box in found}):
        assert all(after - before <= tile - overlap for before, after in pairwise(sorted(starts)))
    assert len(set(found)) == len(found)


@given(layouts(), st.integers(0, 99))
@settings(max_examples=100, deadline=None)
def test_tiles_of_one_picture_blend_to_that_picture(layout, seed):
    height, width, tile, overlap, multiple = layout
    picture = np.random.default_rng(seed).random((height, width, 3), dtype=np.float32)
    blend = Blend(height, width, overlap)
    for box in boxes(height, width, tile, overlap, multiple):
        blend.add(box, box.cut(picture))
    assert np.abs(blend.result() - picture).max() < 1e-6


def test_no_seam_shows_where_tiles_disagree():
    blend = Blend(64, 112, 16)
    for box, grey in zip(boxes(64, 112, 64, 16, 8), (0.0, 1.0), strict=True):
        blend.add(box, np.full((64, 64, 3), grey, dtype=np.float32))
    steps = np.diff(blend.result()[30, :, 0])
    assert steps.min() >= 0
    assert steps.max() < 0.11  # the steepest of a raised cosine over 16 px is pi / 32


def test_a_large_overlap_leaves_no_holes():
    blend = Blend(8, 24, 7)
    for box in boxes(8, 24, 8, 7, 1):
        blend.add(box, np.ones((8, 8, 3), dtype=np.float32))
    assert np.allclose(blend.result(), 1)


def test_an_incomplete_blend_is_refused():
    blend = Blend(16, 16, 0)
    blend.add(Box(0, 0, 8, 16), np.zeros((16, 8, 3), dtype=np.float32))
    with pytest.raises(ValueError, match="do not cover"):
        blend.result()


@pytest.mark.parametrize("layout", [(60, 64, 32, 8, 8), (64, 64, 30, 8, 8), (64, 64, 32, 32, 8), (64, 64, 32, -8, 8)])
def test_bad_layouts_are_refused(layout):
    with pytest.raises(ValueError, match="multiples"):
        boxes(*layout)
