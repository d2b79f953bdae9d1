"""Training pairs for the denoiser, made by program from photos with masks: original, result, mask and instruction."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import cv2
import numpy as np

from likeness.contract import colour_names, vocabulary
from likeness.contract.instructions import Edit, EditKind
from likeness.imaging.colour import Floats
from likeness.imaging.controls import CONTROLS
from likeness.imaging.edits.apply import apply_edit
from likeness.imaging.edits.recolour import lab_of, lab_of_colour, recolour
from training.data.phrases import phrase
from training.data.pictures import Pictures, Pixels

Name = TypeVar("Name")

NEAREST = 2.0
"""How much a part of a photo is enlarged at most: shops' photos have more pixels than ours."""
EDGES = ("canny", "soft_edge")
"""The maps that the starter's control learns."""
HOLE = 0.5
"""What stands in a masked image where the mask is: 0 in the -1..1 that networks see, as diffusers does."""


class TrainingTask(StrEnum):
    """What the network learns from a pair."""

    EDIT = "edit"
    """Edit the image as instructed; the mask marks the product."""
    FILL = "fill"
    """Complete the masked part (inpainting)."""
    DRAW = "draw"
    """Make the image from its caption alone."""
    CLEAN = "clean"
    """Take a little noise off a part of an image."""
    CONTROL = "control"
    """Make the image from its caption and its edges."""


SHARES = {TrainingTask.EDIT: 0.6, TrainingTask.FILL: 0.15, TrainingTask.DRAW: 0.25}
EDIT_SHARES = {
    EditKind.RECOLOUR: 0.45,
    EditKind.PATTERN: 0.1,
    EditKind.MATERIAL: 0.08,
    EditKind.BACKGROUND: 0.18,
    EditKind.LIGHT: 0.07,
    EditKind.SAME: 0.12,
}


@dataclass(frozen=True)
class Pair:
    """One pair, square, RGB in 0..1: `mask` is H x W in 0..1, `control` H x W x 3 where the task has one."""

    task: TrainingTask
    source: Floats | None
    target: Floats
    mask: Floats
    text: str
    control: Floats | None = None


@dataclass(frozen=True)
class Shot:
    """A photo or an emoji on a colour, cropped: image, product mask, what it shows."""

    rgb: Floats
    mask: Floats
    noun: str


class Pairs:
    """Endless pairs of one size."""

    def __init__(self, pictures: Pictures, size: int, seed: int) -> None:
        self.pictures, self.size = pictures, size
        self.random = np.random.default_rng(seed)

    def make(self, task: TrainingTask | None = None) -> Pair:
        """Return one pair, of a task drawn by SHARES when none is named."""
        task = task or _drawn(self.random, SHARES)
        shot = self._shot(near=task in (TrainingTask.CLEAN, TrainingTask.CONTROL))
        match task:
            case TrainingTask.EDIT:
                return self._edit(shot)
            case TrainingTask.FILL:
                return self._fill(shot)
            case TrainingTask.CONTROL:
                return self._control(shot)
            case TrainingTask.CLEAN:
                return Pair(TrainingTask.CLEAN, None, shot.rgb, np.zeros_like(shot.mask), "")
            case _:
                return Pair(TrainingTask.DRAW, None, shot.rgb, np.zeros_like(shot.mask), caption(shot))

    def _edit(self, shot: Shot) -> Pair:
        edit = drawn_edit(self.random)
        target = apply_edit(shot.rgb, shot.mask, edit)
        return Pair(TrainingTask.EDIT, shot.rgb, target, shot.mask, phrase(edit, shot.noun, self.random))

    def _fill(self, shot: Shot) -> Pair:
        hole = self._hole(shot.mask)
        source = shot.rgb * (1 - hole[..., None]) + HOLE * hole[..., None]
        return Pair(TrainingTask.FILL, source.astype(np.float32), shot.rgb, hole, caption(shot))

    def _control(self, shot: Shot) -> Pair:
        control = CONTROLS[str(self.random.choice(EDGES))](shot.rgb)
        return Pair(TrainingTask.CONTROL, None, shot.rgb, np.zeros_like(shot.mask), caption(shot), control)

    def _shot(self, near: bool) -> Shot:
        shot = self._emoji() if self.random.random() < 0.1 else self._photo(near)
        if self.random.random() < 0.3:
            shot = Shot(recolour(shot.rgb, shot.mask, colour_names.CLOTH[_colour(self.random)]), shot.mask, shot.noun)
        return shot

    def _photo(self, near: bool) -> Shot:
        """Return most of a photo, or, seen from near, a part of it at up to twice its own size."""
        index = int(self.random.integers(len(self.pictures.photos)))
        photo, mask = self.pictures.photos[index], self.pictures.masks[index]
        least = min(photo.shape[:2])
        side = int(
            min(least, self.size / self.random.uniform(0.6, NEAREST)) if near else least * self.random.uniform(0.7, 1.0)
        )
        top = self.random.integers(photo.shape[0] - side + 1)
        left = self.random.integers(photo.shape[1] - side + 1)
        part = np.s_[top : top + side, left : left + side]
        return self._sized(_unit(photo[part]), _unit(mask[part]), self.pictures.labels[index])

    def _emoji(self) -> Shot:
        index = int(self.random.integers(len(self.pictures.emoji)))
        emoji = _unit(self.pictures.emoji[index])
        ground = _unit(np.array(colour_names.CLOTH[_colour(self.random)], np.uint8))
        rgb = emoji[..., :3] * emoji[..., 3:] + ground * (1 - emoji[..., 3:])
        return self._sized(rgb, emoji[..., 3], self.pictures.emoji_names[index])

    def _sized(self, rgb: Floats, mask: Floats, noun: str) -> Shot:
        if self.random.random() < 0.5:
            rgb, mask = rgb[:, ::-1], mask[:, ::-1]
        to = (self.size, self.size)
        how = cv2.INTER_AREA if self.size <= len(rgb) else cv2.INTER_CUBIC
        planes = (cv2.resize(np.ascontiguousarray(plane), to, interpolation=how) for plane in (rgb, mask))
        rgb, mask = (np.asarray(np.clip(plane, 0, 1), np.float32) for plane in planes)
        return Shot(rgb, mask, noun)

    def _hole(self, product: Floats) -> Floats:
        """Return where an image is to be completed: the product, the background, or up to three boxes."""
        draw = self.random.random()
        if draw < 0.15:
            return (cv2.dilate(product, np.ones((9, 9))) > 0.5).astype(np.float32)
        if draw < 0.3:
            return (product < 0.5).astype(np.float32)
        hole = np.zeros_like(product)
        for _ in range(self.random.integers(1, 4)):
            height, width = self.random.integers(self.size // 8, self.size // 2, 2)
            top, left = self.random.integers(self.size - height), self.random.integers(self.size - width)
            hole[top : top + height, left : left + width] = 1
        return hole


def _unit(pixels: Pixels) -> Floats:
    """Return 0..255 as 0..1."""
    return np.asarray(pixels / np.float32(255), np.float32)


def drawn_edit(random: np.random.Generator) -> Edit:
    """Return an edit, kinds by EDIT_SHARES."""
    kind = _drawn(random, EDIT_SHARES)
    match kind:
        case EditKind.RECOLOUR:
            return Edit(kind, colour=_colour(random))
        case EditKind.PATTERN:
            return Edit(kind, _one_of(random, vocabulary.LEARNED_PATTERNS), _colour(random))
        case EditKind.MATERIAL:
            return Edit(kind, _one_of(random, vocabulary.MATERIALS))
        case EditKind.LIGHT:
            return Edit(kind, _one_of(random, vocabulary.LEARNED_LIGHTS))
        case EditKind.BACKGROUND:
            name = _one_of(random, ("plain", "plain", "plain", "gradient", *vocabulary.TEXTURES))
            return Edit(kind, name, "" if name in vocabulary.TEXTURES else _colour(random))
    return Edit(kind)


def _colour(random: np.random.Generator) -> str:
    """Return a colour's name; the twelve plain ones come up twice as often as a shade."""
    plain = [*colour_names.CHROMATIC, *colour_names.BROWN_AND_GREYS]
    return _one_of(random, (*plain, *plain, *colour_names.SHADES))


def _one_of(random: np.random.Generator, names: tuple[str, ...]) -> str:
    return names[random.integers(len(names))]


def _drawn(random: np.random.Generator, shares: dict[Name, float]) -> Name:
    weights = np.array(list(shares.values()))
    return list(shares)[random.choice(len(shares), p=weights / weights.sum())]


def caption(shot: Shot) -> str:
    """Return what the image shows: "a photo of a blue shirt on a white background"."""
    lab = lab_of(shot.rgb)
    product, ground = shot.mask > 0.5, shot.mask < 0.1
    inside = f"{_called(lab[product])} " if product.any() else ""
    outside = f" on a {_called(lab[ground])} background" if ground.any() else ""
    return f"a photo of a {inside}{shot.noun}{outside}"


def _called(lab: Floats) -> str:
    """Return the name of the colour nearest to the mean of CIELAB pixels, N x 3."""
    mean = lab.reshape(-1, 3).mean(0)
    return min(LAB_OF_NAME, key=lambda name: float(np.square(LAB_OF_NAME[name] - mean).sum()))


LAB_OF_NAME = {name: lab_of_colour(rgb) for name, rgb in colour_names.CLOTH.items()}
