"""Training images: the clothing photos and the emoji, held in memory as uint8 arrays."""

import csv
import io
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

Pixels = NDArray[np.uint8]

HELD_OUT = 48
"""Photos at the end of train.csv that no recipe trains on; their figures choose the checkpoint."""


@dataclass(frozen=True)
class Pictures:
    """Photos (RGB), their product masks (grey) and labels, and emoji (RGBA) with their names.

    The last HELD_OUT photos and masks are kept apart; `labels` are those of `photos`.
    """

    photos: list[Pixels]
    held_out: list[Pixels]
    emoji: list[Pixels]
    masks: list[Pixels]
    held_out_masks: list[Pixels]
    labels: list[str]
    emoji_names: list[str]


def load_pictures(data: Path, limit: int | None = None) -> Pictures:
    """Read `clothing/train.tar` and `emoji/emoji.tar` below `data` (about 700 MB once decoded).

    Raises FileNotFoundError when the data is missing; training/README.md describes where to get it.
    """
    with (data / "clothing" / "train.csv").open() as rows:
        listed = list(csv.DictReader(rows))[:limit]
    names = [row["uuid"] for row in listed]
    photos = _in_order(_read_tar(data / "clothing" / "train.tar", "RGB", ".jpg"), names)
    masks = _in_order(_read_tar(data / "clothing" / "train.tar", "L", ".png"), names)
    emoji = _read_tar(data / "emoji" / "emoji.tar", "RGBA", ".webp")
    with (data / "emoji" / "emoji.csv").open() as rows:
        called = {Path(row["file"]).stem: row["name"] for row in csv.DictReader(rows)}
    return Pictures(
        photos=photos[:-HELD_OUT],
        held_out=photos[-HELD_OUT:],
        emoji=list(emoji.values())[:limit],
        masks=masks[:-HELD_OUT],
        held_out_masks=masks[-HELD_OUT:],
        labels=[row["label"].lower() for row in listed][:-HELD_OUT],
        emoji_names=[called[name] for name in emoji][:limit],
    )


def _in_order(found: dict[str, Pixels], names: list[str]) -> list[Pixels]:
    return [found[name] for name in names]


def _read_tar(path: Path, mode: str, suffix: str) -> dict[str, Pixels]:
    with tarfile.open(path) as tar:
        members = [member for member in tar.getmembers() if member.name.endswith(suffix)]
        return {
            Path(member.name).stem: np.asarray(Image.open(io.BytesIO(_bytes(tar, member))).convert(mode))
            for member in members
        }


def _bytes(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    if file is None:
        raise FileNotFoundError(member.name)
    return file.read()


def tensor_of(pictures: Pixels) -> Tensor:
    """Return N x 3 x H x W in -1..1 of N x H x W x 3."""
    return torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))).float() / 127.5 - 1


def canvas(photo: Pixels, multiple: int) -> Tensor:
    """Return a photo, H x W x 3, as 1 x 3 x H x W in -1..1, cut to a multiple of px at its right and lower edge."""
    height, width = (side // multiple * multiple for side in photo.shape[:2])
    return tensor_of(photo[None, :height, :width])


class Crops:
    """Endless random square crops: scaled, flipped, at times recoloured, one in ten an emoji on a colour."""

    def __init__(
        self, pictures: Pictures, size: int, seed: int, scales: Sequence[float] = (1.0, 1.0, 1.25, 1.6)
    ) -> None:
        self.pictures, self.scales = pictures, scales
        self.size = size
        self.random = np.random.default_rng(seed)

    def batch(self, count: int) -> NDArray[np.float32]:
        """Return `count` crops as float32, N x 3 x size x size, -1..1."""
        crops = np.stack([self._crop() for _ in range(count)])
        return np.ascontiguousarray(crops.transpose(0, 3, 1, 2)).astype(np.float32) / 127.5 - 1

    def _crop(self) -> Pixels:
        if self.random.random() < 0.1:
            source = self._emoji_on_colour()
        else:
            source = self.pictures.photos[self.random.integers(len(self.pictures.photos))]
        scale = float(self.random.choice(self.scales))
        side = max(int(np.ceil(self.size / scale)), 8)
        top = self.random.integers(source.shape[0] - side + 1)
        left = self.random.integers(source.shape[1] - side + 1)
        crop = source[top : top + side, left : left + side]
        if side != self.size:
            smooth = cv2.INTER_CUBIC if side < self.size else cv2.INTER_AREA
            crop = np.asarray(cv2.resize(crop, (self.size, self.size), interpolation=smooth), np.uint8)
        return self._recolour(self._flip(crop))

    def _emoji_on_colour(self) -> Pixels:
        emoji = self.pictures.emoji[self.random.integers(len(self.pictures.emoji))].astype(np.float32)
        alpha = emoji[..., 3:] / 255
        colour = self.random.uniform(0, 255, 3)
        return np.rint(emoji[..., :3] * alpha + colour * (1 - alpha)).astype(np.uint8)

    def _flip(self, crop: Pixels) -> Pixels:
        if self.random.random() < 0.5:
            crop = crop[:, ::-1]
        return crop[::-1] if self.random.random() < 0.1 else crop

    def _recolour(self, crop: Pixels) -> Pixels:
        """Move hue and saturation of one crop in four: shops sell brighter things than our photos show."""
        if self.random.random() > 0.25:
            return np.ascontiguousarray(crop)
        hsv = cv2.cvtColor(np.ascontiguousarray(crop), cv2.COLOR_RGB2HSV).astype(np.float32)
        hsv[..., 0] = (hsv[..., 0] + self.random.uniform(0, 180)) % 180
        hsv[..., 1] = np.clip(hsv[..., 1] * self.random.uniform(0.5, 2.0), 0, 255)
        return np.asarray(cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB), np.uint8)
