import numpy as np
import pytest

from likeness.imaging.controls import CONTROLS, canny, soft_edge
from tests.imaging.edits import products


@pytest.mark.parametrize("name", CONTROLS)
@pytest.mark.parametrize("size", products.SIZES)
def test_a_map_has_the_picture_s_size_and_three_equal_channels(size, name):
    rgb, _ = products.shaded(*size)
    drawn = CONTROLS[name](rgb)
    assert drawn.shape == rgb.shape and drawn.dtype == np.float32
    assert drawn.min() >= 0 and drawn.max() <= 1
    assert np.array_equal(drawn[..., 0], drawn[..., 1]) and np.array_equal(drawn[..., 0], drawn[..., 2])


@pytest.mark.parametrize("name", CONTROLS)
def test_a_flat_picture_has_no_edges(name):
    assert CONTROLS[name](np.full((20, 30, 3), 0.4, dtype=np.float32)).max() < 1e-4


@pytest.mark.parametrize("name", CONTROLS)
def test_a_step_is_seen_where_it_is(name):
    rgb = np.zeros((40, 40, 3), dtype=np.float32)
    rgb[:, 20:] = 1
    columns = CONTROLS[name](rgb)[10:30, :, 0].max(axis=0)
    assert abs(np.flatnonzero(columns == columns.max()).mean() - 19.5) <= 1.5, "a line is drawn on the dark side"
    assert columns[:8].max() < 1e-3 and columns[32:].max() < 1e-3


def test_canny_is_black_or_white_and_soft_edges_are_between():
    rgb, _ = products.photographed()
    assert set(np.unique(canny(rgb))) == {0, 1}
    assert len(np.unique(soft_edge(rgb))) > 100
