"""DiffAugment's translations: each picture its own, and the gradient comes through."""

import torch

from training.losses.diff_augment import moved


def test_two_equal_pictures_come_out_different_and_the_gradient_comes_through() -> None:
    torch.manual_seed(0)
    pictures = torch.rand(1, 3, 16, 16).expand(6, 3, 16, 16).clone().requires_grad_()
    changed = moved(pictures)
    assert changed.shape == pictures.shape and not torch.allclose(changed[0], changed[1])
    changed.sum().backward()
    assert set(pictures.grad.unique().tolist()) == {0.0, 1.0}, "0 where a row went out of sight"


def test_a_picture_is_moved_whole_and_zero_comes_in() -> None:
    torch.manual_seed(0)
    pictures = torch.zeros(64, 1, 16, 24)
    pictures[:, :, 8, 12] = 1
    shifted = moved(pictures)
    places = shifted.flatten(1).argmax(1)
    assert (shifted.sum((1, 2, 3)) == 1).all() and shifted.max() == 1
    rows, columns = places // 24, places % 24
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (6, 10, 9, 15)
