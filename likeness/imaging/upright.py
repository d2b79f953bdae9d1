"""Images for people stand upright, however they are stored."""

from typing import Final

from PIL import Image

from likeness.imaging.picture import Picture

TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""How to turn an image upright, by its EXIF orientation."""


def upright_image(picture: Picture) -> Image.Image:
    """Return the pixels of an image as a viewer shows them; those of an upright one are not copied."""
    turn = TURNS.get(picture.orientation)
    return picture.pixels if turn is None else picture.pixels.transpose(turn)
