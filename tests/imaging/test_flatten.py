"""An image without its alpha, laid on one colour."""

import numpy as np
import pytest
from PIL import Image

from likeness.imaging.colour import image_of
from likeness.imaging.flatten import flattened, flattened_header, flattened_rows
from likeness.imaging.frame import frame_table
from likeness.imaging.picture import Picture, header_of

WHITE, BLUE = (255, 255, 255), (10, 40, 200)


def cut_out(mode: str) -> Picture:
    """Return an image of 3 x 1 px: hidden, half covered, opaque."""
    colour = [80, 120, 200][: 3 if mode == "RGBA" else 1]
    samples = np.array([[[*colour, alpha] for alpha in (0, 128, 255)]], np.uint8)
    return Picture(image_of(samples, mode), "png")


@pytest.mark.parametrize(
    ("mode", "colour", "made"),
    [("RGBA", WHITE, "RGB"), ("RGBA", BLUE, "RGB"), ("LA", WHITE, "L"), ("LA", BLUE, "RGB")],
)
def test_where_nothing_was_seen_the_colour_is_met_exactly(mode: str, colour: tuple, made: str) -> None:
    given = cut_out(mode)
    laid = flattened(given, colour)
    assert laid.pixels.mode == made
    hidden, half, whole = np.atleast_3d(np.asarray(laid.pixels))[0]
    own = np.asarray(given.pixels)[0, 2, :-1].astype(float)
    assert (hidden == colour[: hidden.size]).all() and (whole == own).all()
    assert half == pytest.approx((own * 128 + np.array(colour[: hidden.size]) * 127) / 255, abs=0.6)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_the_header_says_what_the_image_will_be(mode: str) -> None:
    given = cut_out(mode)
    for colour in (WHITE, BLUE):
        assert flattened_header(header_of(given), colour) == header_of(flattened(given, colour))


def test_a_transparent_palette_entry_is_laid_on_the_colour() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([0, 0, 0, 250, 20, 30])
    image.putpixel((1, 0), 1)
    laid = flattened(Picture(image, "png", transparency=bytes([0])), WHITE)
    assert laid.pixels.mode == "RGB" and laid.transparency is None
    assert [laid.pixels.getpixel((x, 0)) for x in (0, 1)] == [WHITE, (250, 20, 30)]


def test_an_opaque_image_stays_as_it_is() -> None:
    opaque = Picture(Image.new("RGB", (2, 2)), "jpeg")
    assert flattened(opaque, WHITE) is opaque
    assert flattened_header(header_of(opaque), WHITE) == header_of(opaque)


def test_the_frame_table_tells_what_the_image_was() -> None:
    given = cut_out("RGBA")
    laid = flattened(given, WHITE)
    rows = {row.name: row for row in flattened_rows(frame_table(laid, laid), given, "#ffffff")}
    assert (rows["mode"].given, rows["mode"].made) == ("RGBA, flattened onto #ffffff", "RGB")
    assert all(row.equal for row in rows.values())
