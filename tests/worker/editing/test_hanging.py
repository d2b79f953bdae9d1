"""A hanger is taken down where one shows, and only if then none shows any more."""

import numpy as np

from likeness.imaging.packshot.cutout import cut_out
from tests.imaging.packshot.test_taken_down import WOOD, hung
from worker.editing.hanging import cut_bare


def wooden(rgb: np.ndarray, alpha: np.ndarray) -> float:
    """Return 1 where much of a cut-out is wood, else 0."""
    like = np.abs(rgb.astype(int) - WOOD).max(axis=2) < 25
    return float((like & (alpha > 127)).sum() > 400)


def test_a_broad_hanger_goes_if_then_none_shows() -> None:
    rgb, alpha, _ = hung(WOOD)
    mask = (alpha / 255).astype(np.float32)
    bare = cut_bare(rgb, mask, mask, wooden)
    assert bare.hung and bare.box and bare.box.top > 120


def test_what_still_shows_one_and_what_shows_none_are_left_as_they_are() -> None:
    rgb, alpha, _ = hung(WOOD)
    mask = (alpha / 255).astype(np.float32)
    whole = cut_out(rgb, mask, mask)
    for shown in (1.0, 0.0, None):
        assert (cut_bare(rgb, mask, mask, lambda *_, told=shown: told).alpha == whole.alpha).all()
