import numpy as np
import pytest

from likeness.imaging.edits.scene import before, named_colour, plain
from likeness.imaging.edits.surfaces import SURFACES, gradient
from likeness.imaging.matting import Matte, matte_of
from tests.imaging.edits import products
from tests.imaging.test_matting import GREY, RED, blurred, composed, flat, star

WHITE = (255, 255, 255)


def put(size=(240, 200), shadow="contact", colour=WHITE):
    alpha = star(*size)
    rgb = composed(alpha, flat(RED, *size, 2), flat(GREY, *size, 1))
    matte = matte_of(rgb, blurred(alpha))
    return before(rgb, matte, plain(*size, colour), shadow), alpha, matte


def as_bytes(rgb):
    return np.rint(rgb * 255).astype(np.uint8)


@pytest.mark.parametrize("colour", [WHITE, (173, 216, 230), (1, 2, 3), (0, 0, 0)])
def test_a_plain_background_is_the_asked_colour_to_the_last_step(colour):
    made, _, matte = put(shadow="none", colour=colour)
    assert (as_bytes(made)[matte.alpha == 0] == colour).all()


@pytest.mark.parametrize("shadow", ["contact", "keep"])
def test_away_from_the_shadow_white_is_white(shadow):
    made, _, _ = put(shadow=shadow)
    assert (as_bytes(made)[:12] == 255).all()


def test_a_contact_shadow_lies_below_and_fades():
    made, alpha, matte = put()
    light = np.where(matte.alpha > 0, np.nan, made.mean(axis=2))
    lowest = np.flatnonzero((alpha > 0.5).any(axis=1)).max()
    below, above = light[lowest + 3, 80:120], light[np.flatnonzero((alpha > 0.5).any(axis=1)).min() - 3, 80:120]
    assert np.nanmin(below) < np.nanmin(above) - 0.01
    assert np.nanmin(light) > 0.6


def test_an_old_shadow_is_kept_and_an_evenly_lit_wall_is_none():
    alpha = star(240, 200)
    wall = flat(GREY, 240, 200, 1, 0.003)
    y, x = np.mgrid[:240, :200]
    dark = 1 - 0.4 * np.exp(-(((y - 210) / 12) ** 2 + ((x - 100) / 40) ** 2))
    for light, least in ((1, 0.97), (dark[..., None], 0)):
        rgb = composed(alpha, flat(RED, 240, 200, 2), wall * light)
        made = before(rgb, Matte(alpha, flat(RED, 240, 200, 2)), plain(240, 200, WHITE), "keep")
        free = made[alpha == 0].mean(axis=1)
        assert free.min() > least
    assert made[210, 100].mean() < 0.85


def test_an_uneven_background_has_no_shadow_to_keep_and_a_soft_one_is_drawn():
    alpha = star(240, 200)
    wall = flat(GREY, 240, 200, 1, 0.003)
    wall[:, :60] *= 0.6  # another part of the room, not a shadow
    matte = Matte(alpha, flat(RED, 240, 200, 2))
    rgb = composed(alpha, matte.colour, wall)
    kept, drawn = (before(rgb, matte, plain(240, 200, WHITE), shadow) for shadow in ("keep", "contact"))
    assert np.array_equal(kept, drawn)


def test_the_product_is_untouched():
    made, _, matte = put()
    inside = matte.alpha == 1
    assert np.allclose(made[inside], matte.colour[inside], atol=1e-6)


@pytest.mark.parametrize(
    ("name", "colour"),
    [
        ("white", WHITE),
        ("light blue", (173, 216, 230)),
        ("LightBlue", (173, 216, 230)),
        ("rebeccapurple", (102, 51, 153)),
        ("green", (0, 128, 0)),
        ("mustard", (205, 160, 45)),
        ("no such colour", None),
    ],
)
def test_names_are_those_of_css_and_then_ours(name, colour):
    assert named_colour(name) == colour


SURFACE_OR_GRADIENT = SURFACES | {"gradient": lambda height, width: gradient(height, width, (150, 195, 235))}


@pytest.mark.parametrize("name", SURFACE_OR_GRADIENT)
@pytest.mark.parametrize("size", [*products.SIZES, (120, 90)])
def test_a_surface_fills_any_size_and_is_always_the_same(name, size):
    drawn = SURFACE_OR_GRADIENT[name](*size)
    assert drawn.shape == (*size, 3) and drawn.dtype == np.float32
    assert np.isfinite(drawn).all() and drawn.min() >= 0 and drawn.max() <= 1
    assert np.array_equal(drawn, SURFACE_OR_GRADIENT[name](*size))


def test_a_surface_has_no_period():
    for drawn in SURFACES.values():
        light = drawn(256, 256).mean(axis=2)
        light = (light - light.mean()) / light.std()
        power = np.abs(np.fft.rfft2(light)) ** 2
        power[0, 0] = 0
        assert power.max() / power.sum() < 0.25, "no single wave makes it up"


def test_a_gradient_has_the_colour_in_it_and_no_bands():
    drawn = gradient(200, 160, (150, 195, 235))
    assert np.abs(drawn - np.array([150, 195, 235]) / 255).max(axis=2).min() < 0.01
    assert drawn[:20].mean() > drawn[-20:].mean()


@pytest.mark.parametrize("size", products.SIZES)
@pytest.mark.parametrize("shadow", ["keep", "contact", "none"])
@pytest.mark.parametrize("covered", [0.0, 1.0, None])
def test_any_size_and_matte_will_do(size, shadow, covered):
    rgb, mask = products.shaded(*size)
    matte = Matte(mask if covered is None else np.full(size, covered, dtype=np.float32), rgb.copy())
    given = rgb.copy()
    made = before(rgb, matte, plain(*size, WHITE), shadow)
    assert made.shape == rgb.shape and made.dtype == np.float32
    assert made.min() >= 0 and made.max() <= 1 and np.array_equal(rgb, given)
    if covered == 0.0:
        assert (as_bytes(made) == 255).all()
    if covered == 1.0:
        assert np.allclose(made, rgb, atol=1e-6)
