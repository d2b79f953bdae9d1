"""Whether a hanger shows in a cut-out: its hook, shoulders, bar or clips, wherever in the upper part they are.

MobileNetV2's features (worker/networks/features.py) at each place of a small copy go through two linear layers, which
were trained on cut-outs of which it is known only whether a hanger shows; the surest places decide, as in multiple
instance learning (Ilse et al. 2018, arXiv:1802.04712, has an overview). weights/hanger/README.md has the figures.
"""

from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from likeness.imaging.colour import Bytes, Floats
from likeness.imaging.packshot.cutout import box_of
from worker.networks.features import FeatureNetwork
from worker.networks.features import load as load_features

SIDE: Final = 224
"""Px of the square copy of a product that the network sees."""
DETAIL: Final = 256
"""Px of the short side that a picture is reduced to before: that of the training photos."""
ROWS: Final = 9
"""Rows of places, of SIDE / 16, from the top, in which a hanger is looked for."""
SUREST: Final = 3
"""How many places decide."""
HIDDEN: Final = 8
LAYERS: Final = ("layer2", "layer3", "layer4")
CHANNELS: Final = 2 * 32 + 96 + 320
GREY: Final = (124, 116, 104)
"""What a cut-out is laid on: ImageNet's mean, before which white and black hangers show."""
SHOWN: Final = 0.02
"""Share of a place that the product covers, from which on it counts."""


class HangerFinder:
    """A resident network that tells whether a hanger shows."""

    def __init__(self, features: FeatureNetwork, head: nn.Module) -> None:
        self.features, self.head = features, head

    @property
    def network(self) -> nn.Module:
        """What it holds in memory."""
        return self.features

    @torch.inference_mode()
    def shows(self, rgb: Bytes, alpha: Bytes) -> float | None:
        """Return how probable it is, 0..1, that a hanger shows in a cut-out: H x W x 3 and H x W, in 0..255.

        None where there is no product.
        """
        seen = framed(rgb, alpha)
        if seen is None:
            return None
        square, cover = (torch.from_numpy(np.ascontiguousarray(plane)) for plane in seen)
        pixels = square.permute(2, 0, 1)[None].to(next(self.head.parameters()).device)
        logits = self.head(places(self.features, pixels))[..., 0]
        return float(torch.sigmoid(decided(logits, covered(cover[None]).to(logits.device)))[0])


def framed(rgb: Bytes, alpha: Bytes) -> tuple[Floats, Floats] | None:
    """Return a cut-out on grey, SIDE x SIDE x 3 in 0..1, from the top of its box down, and its cover; None without."""
    seen = _on_grey(rgb, alpha)
    less = max(1.0, min(alpha.shape) / DETAIL)
    if less > 1:
        to = tuple(max(1, round(side / less)) for side in alpha.shape[::-1])
        seen, alpha = (
            np.asarray(cv2.resize(plane, to, interpolation=cv2.INTER_AREA), np.uint8) for plane in (seen, alpha)
        )
    if (box := box_of(alpha > 127)) is None:
        return None
    side = max(8.0, 1.08 * max(box.width, 0.4 * box.height))
    left, top = (box.left + box.right - side) / 2, box.top - 0.04 * side
    detail = max(8, round(side))
    whole = np.dstack([seen, alpha]).astype(np.float32)
    cut = side / detail
    move = np.array([[cut, 0, left + cut / 2 - 0.5], [0, cut, top + cut / 2 - 0.5]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    small = cv2.warpAffine(whole, move, (detail, detail), flags=flags, borderValue=(*GREY, 0.0))
    square = cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR) / np.float32(255)
    return np.asarray(square[..., :3], np.float32), np.asarray(square[..., 3], np.float32)


def _on_grey(rgb: Bytes, alpha: Bytes) -> Bytes:
    """Return a cut-out laid on grey, H x W x 3 in 0..255."""
    cover = cv2.merge([alpha] * 3)
    behind = np.full_like(cover, GREY)
    laid = cv2.add(cv2.multiply(rgb, cover, scale=1 / 255), cv2.multiply(behind, 255 - cover, scale=1 / 255))
    return np.asarray(laid, np.uint8)


def places(features: FeatureNetwork, pixels: Tensor) -> Tensor:
    """Return N x P x CHANNELS: what the network sees at each of the upper places of N x 3 x SIDE x SIDE, in 0..1."""
    found = features(pixels, LAYERS)
    fine, middle, coarse = (found[name] for name in LAYERS)
    size = middle.shape[-2:]
    means, most = F.adaptive_avg_pool2d(fine, size), F.adaptive_max_pool2d(fine, size)
    around = F.interpolate(coarse, size=size, mode="bilinear")
    return torch.cat([means, most, middle, around], 1)[:, :, :ROWS].flatten(2).transpose(1, 2)


def covered(cover: Tensor) -> Tensor:
    """Return N x P: which of the places the product covers, of N x SIDE x SIDE shares."""
    return F.avg_pool2d(cover[:, None], 16)[:, 0, :ROWS].flatten(1) > SHOWN


def decided(logits: Tensor, counts: Tensor) -> Tensor:
    """Return the logit of each of N pictures, of N x P logits of its places and which of them count."""
    return logits.masked_fill(~counts, -1e4).topk(SUREST, 1).values.mean(1)


def head_of() -> nn.Sequential:
    """Return the layers that follow the features, untrained."""
    return nn.Sequential(nn.Linear(CHANNELS, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 1))


def load(weights: Path, features: Path, device: str = "cpu") -> HangerFinder:
    """Load `weights`/model.safetensors and the feature network. Raises OSError when one is missing or not right."""
    head = head_of()
    try:
        head.load_state_dict(load_file(weights / "model.safetensors"))
    except (SafetensorError, RuntimeError) as error:
        raise OSError(f"{weights / 'model.safetensors'} holds no finder of hangers: {error}") from error
    return HangerFinder(load_features(features, device), head.eval().to(device))
