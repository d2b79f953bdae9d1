"""Images of styles: textures drawn by program, emoji strewn over a colour, parts of photos in strong colours."""

from collections.abc import Callable

import cv2
import numpy as np

from training.data.pictures import Pictures, Pixels

Random = np.random.Generator
PARTS = (0.45, 0.75)
"""Below the first a texture is drawn, below the second emoji are strewn, else a photo is cut."""


class Styles:
    """Endless random images to take a style from."""

    def __init__(self, pictures: Pictures, size: int, seed: int) -> None:
        self.pictures, self.size = pictures, size
        self.random = np.random.default_rng(seed)

    def draw(self) -> Pixels:
        """Return one, size x size x 3, RGB."""
        part = self.random.random()
        if part < PARTS[0]:
            kinds = list(KINDS.values())
            return kinds[self.random.integers(len(kinds))](self.random, self.size)
        return self._strewn() if part < PARTS[1] else jittered(self.random, self._cut())

    def _strewn(self) -> Pixels:
        """Return some emoji of one or two kinds on a colour."""
        made = np.full((self.size, self.size, 3), colour(self.random), np.float32)
        chosen = self.random.integers(len(self.pictures.emoji), size=2)
        for _ in range(self.random.integers(4, 16)):
            side = int(self.random.integers(self.size // 4, self.size))
            emoji = cv2.resize(
                self.pictures.emoji[self.random.choice(chosen)], (side, side), interpolation=cv2.INTER_AREA
            )
            _lay(made, emoji, self.random.integers(-side // 2, self.size - side // 2, 2))
        return made.astype(np.uint8)

    def _cut(self) -> Pixels:
        photo = self.pictures.photos[self.random.integers(len(self.pictures.photos))]
        side = int(self.random.integers(self.size // 2, min(photo.shape[:2]) + 1))
        top, left = (int(self.random.integers(length - side + 1)) for length in photo.shape[:2])
        part = photo[top : top + side, left : left + side]
        return np.asarray(cv2.resize(part, (self.size, self.size), interpolation=cv2.INTER_AREA), np.uint8)


def colour(random: Random) -> Pixels:
    """Return a colour, 3, as likely strong as pale."""
    values = [random.integers(180), 255 * random.random() ** 0.6, 255 * random.random() ** 0.5]
    hsv = np.array([[values]]).astype(np.uint8)
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0], np.uint8)


def jittered(random: Random, rgb: Pixels) -> Pixels:
    """Return an image with its hues turned, its saturation and contrast raised or lowered."""
    hsv = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV).astype(np.float32)
    hsv[..., 0] = (hsv[..., 0] + random.uniform(0, 180)) % 180
    hsv[..., 1] = np.clip(hsv[..., 1] * random.uniform(0.5, 3.0), 0, 255)
    hsv[..., 2] = np.clip((hsv[..., 2] - 128) * random.uniform(0.7, 1.8) + random.uniform(90, 160), 0, 255)
    return np.asarray(cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB), np.uint8)


def waves(random: Random, size: int) -> Pixels:
    """Return bands of a few colours that wind about each other."""
    y, x = np.mgrid[:size, :size] / size
    height = np.zeros((size, size))
    for _ in range(3):
        across, down, bend, turn = random.uniform(-6, 6, 4)
        height += np.sin(2 * np.pi * (across * x + down * y) + bend * np.sin(np.pi * turn * (x - y)))
    return _painted(random, height)


def clouds(random: Random, size: int) -> Pixels:
    """Return patches of a few colours with round or ragged borders."""
    height = np.zeros((size, size), np.float32)
    for octave in range(2, random.integers(4, 7)):
        grid = random.normal(size=(2**octave, 2**octave)).astype(np.float32)
        height += cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC) * 0.6**octave
    return _painted(random, height)


def strokes(random: Random, size: int) -> Pixels:
    """Return short strokes of a brush that lie about one direction."""
    made = np.full((size, size, 3), colour(random), np.uint8)
    palette, width = [colour(random) for _ in range(6)], int(random.integers(2, size // 10))
    angle, spread = random.uniform(0, np.pi), random.uniform(0.1, 1.5)
    for _ in range(3 * size // width * 8):
        turn = angle + random.normal() * spread
        start = random.integers(0, size, 2)
        end = start + 4 * width * np.array([np.cos(turn), np.sin(turn)])
        paint = np.clip(palette[random.integers(6)] + random.normal(0, 12, 3), 0, 255)
        cv2.line(made, start.tolist(), end.astype(int).tolist(), paint.tolist(), width, cv2.LINE_AA)
    return made


def mosaic(random: Random, size: int) -> Pixels:
    """Return tiles of a few colours, at times with joints: the nearest of some points (Voronoi)."""
    points = random.uniform(0, size, (random.integers(12, 80), 2)).astype(np.float32)
    y, x = np.mgrid[:size, :size].astype(np.float32)
    distances = np.hypot(x[..., None] - points[:, 0], y[..., None] - points[:, 1])
    near = np.partition(distances, 1, axis=2)
    palette = np.stack([colour(random) for _ in range(6)])
    made = palette[distances.argmin(2) % 6]
    if random.random() < 0.6:
        made[near[..., 1] - near[..., 0] < random.uniform(1, 4)] = colour(random)
    return made


def checks(random: Random, size: int) -> Pixels:
    """Return checks, stripes or dots of three colours, turned by any angle."""
    y, x = np.mgrid[:size, :size].astype(np.float32)
    angle, period = random.uniform(0, np.pi), random.uniform(8, size / 3)
    across, down = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    wave = [np.sin(2 * np.pi * along / period) for along in (across, down * random.uniform(0, 1.5))]
    return _painted(random, wave[0] + wave[1] if random.random() < 0.5 else np.maximum(*wave))


def _painted(random: Random, height: np.ndarray) -> Pixels:
    """Return heights in flat or flowing colours, and some grain."""
    count = int(random.integers(2, 6))
    palette = np.stack([colour(random) for _ in range(count)]).astype(np.float32)
    level = (height - height.min()) / (np.ptp(height) + 1e-6) * (count - 1)
    if random.random() < 0.6:
        level = np.clip(np.rint(level), 0, count - 1)
    below = np.minimum(level.astype(int), count - 2)
    part = (level - below)[..., None]
    made = palette[below] * (1 - part) + palette[below + 1] * part
    return np.clip(made + random.normal(0, random.uniform(0, 6), made.shape), 0, 255).astype(np.uint8)


def _lay(made: np.ndarray, emoji: Pixels, corner: np.ndarray) -> None:
    """Lay an emoji on an image, its upper left at `corner` (row, column), as far as it lies inside."""
    top, left = np.maximum(corner, 0)
    bottom, right = np.minimum(corner + emoji.shape[0], made.shape[:2])
    part = emoji[top - corner[0] : bottom - corner[0], left - corner[1] : right - corner[1]].astype(np.float32)
    under = made[top:bottom, left:right]
    under += (part[..., :3] - under) * part[..., 3:] / 255


KINDS: dict[str, Callable[[Random, int], Pixels]] = {
    "waves": waves,
    "clouds": clouds,
    "strokes": strokes,
    "mosaic": mosaic,
    "checks": checks,
}
"""The textures, by name."""
