"""DiffAugment (Zhao et al. 2020, arXiv:2006.10738), its translations: images are moved before they are judged.

Real ones and made ones are, each by its own chance, so that a small set is not overfitted; gradients pass
through. The paper's changes of colour and its holes are left out.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

SHIFTED = 1 / 8
"""The longest way an image is moved, as a share of its side."""


def moved(pictures: Tensor) -> Tensor:
    """Return N x C x H x W, each image shifted by a random number of whole pixels and padded with 0."""
    height, width = pictures.shape[2:]
    down, right = round(height * SHIFTED), round(width * SHIFTED)
    padded = F.pad(pictures, (right, right, down, down)).permute(0, 2, 3, 1)
    rows = torch.randint(2 * down + 1, (len(pictures), 1, 1)) + torch.arange(height)[None, :, None]
    columns = torch.randint(2 * right + 1, (len(pictures), 1, 1)) + torch.arange(width)[None, None]
    return padded[torch.arange(len(pictures))[:, None, None], rows, columns].permute(0, 3, 1, 2)
