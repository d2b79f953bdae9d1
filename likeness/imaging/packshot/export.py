"""A finished packshot to a file: its format, its size in bytes, its profile, and what it says of itself."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final, Literal

import numpy as np
from PIL import Image

from likeness.imaging.colour import Bytes
from likeness.imaging.formats import png

FileFormat = Literal["jpeg", "png", "webp"]

QUALITY: Final[dict[FileFormat, int]] = {"jpeg": 92, "webp": 92}
LEAST_QUALITY: Final = 40
"""What a bound in bytes brings the quality down to; below it a photo shows its blocks."""
PNG_LEVEL: Final = 6
WEBP_METHOD: Final = 4


@dataclass(frozen=True)
class Exported:
    """A file; `quality` is that of jpeg and webp, None of a lossless one."""

    data: bytes
    quality: int | None


@dataclass(frozen=True)
class Export:
    """How a packshot is written.

    `max_bytes` is met by the highest quality, up to `quality`, that meets it; where none down to LEAST_QUALITY does,
    the file is the smallest that was found, and larger.
    """

    format: FileFormat = "jpeg"
    quality: int | None = None
    max_bytes: int | None = None
    profile: bytes | None = None
    xmp: bytes = b""

    def of(self, pixels: Bytes) -> Exported:
        """Return the file of H x W (grey), H x W x 3 or H x W x 4 samples, 0..255."""
        image = Image.fromarray(np.ascontiguousarray(pixels))
        if self.format not in QUALITY or (self.format == "webp" and self.quality is None and self.max_bytes is None):
            return Exported(self._written(image, None), None)
        best = self.quality or QUALITY[self.format]
        found = Exported(self._written(image, best), best)
        if self.max_bytes is None or len(found.data) <= self.max_bytes:
            return found
        return self._fitted(image, self.max_bytes, best)

    def _fitted(self, image: Image.Image, most: int, best: int) -> Exported:
        """Return the file of the highest quality below `best` that has at most so many bytes, found by halving."""
        low, high = min(LEAST_QUALITY, best), best
        found = Exported(self._written(image, low), low)
        if len(found.data) > most:
            return found
        while high - low > 1:
            middle = (low + high) // 2
            tried = Exported(self._written(image, middle), middle)
            low, high, found = (middle, high, tried) if len(tried.data) <= most else (low, middle, found)
        return found

    def _written(self, image: Image.Image, quality: int | None) -> bytes:
        buffer = BytesIO()
        image.save(buffer, self.format.upper(), **self._options(quality))
        data = buffer.getvalue()
        return png.with_chunks(data, png.metadata(self.profile, None, b"", self.xmp)) if self.format == "png" else data

    def _options(self, quality: int | None) -> dict[str, Any]:
        about: dict[str, Any] = {"icc_profile": self.profile} if self.profile else {}
        if self.format == "png":
            return {"compress_level": PNG_LEVEL}
        about |= {"xmp": self.xmp} if self.xmp else {}
        if self.format == "webp":
            lossless = {"lossless": True, "exact": True} if quality is None else {"quality": quality, "exact": True}
            return {"method": WEBP_METHOD if quality is not None else 2, **lossless, **about}
        return {"quality": quality, "subsampling": "4:4:4", **about}
