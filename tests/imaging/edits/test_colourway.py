import numpy as np
import pytest

from likeness.contract.colour_names import CLOTH
from likeness.imaging.edits.colourway import recoloured, recoloured_cutout
from likeness.imaging.edits.recolour import lab_of, lab_of_colour
from likeness.imaging.matting import Matte, matte_of
from tests.imaging.edits import products
from tests.imaging.edits.garments import garment, hue_of, with_highlight, with_stripes, with_thing
from tests.imaging.test_matting import GREY, RED, blurred, composed, flat, star

GREEN = (0.15, 0.45, 0.25)
TAG = (180, 180, 40, 30)


def inside(box, rgb, margin=4):
    y, x, height, width = box
    return rgb[y + margin : y + height - margin, x + margin : x + width - margin]


def off_hue(rgb, colour):
    """Return how many degrees each pixel is off a colour's hue."""
    wanted = np.degrees(np.arctan2(*lab_of_colour(colour)[:0:-1]))
    return np.abs((hue_of(rgb) - wanted + 180) % 360 - 180)


@pytest.mark.parametrize("name", ["red", "blue", "purple", "navy", "pink", "turquoise"])
def test_cloth_is_dyed_and_its_shading_kept(name):
    rgb, matte = garment(GREEN)
    made = recoloured(rgb, matte, CLOTH[name]).rgb
    on = matte.alpha == 1
    before, after = lab_of(rgb)[on], lab_of(made)[on]
    assert np.corrcoef(before[:, 0], after[:, 0])[0, 1] > 0.97
    assert np.linalg.norm(after.mean(axis=0) - lab_of_colour(CLOTH[name])) < 3
    assert np.array_equal(made[matte.alpha == 0], rgb[matte.alpha == 0])


@pytest.mark.parametrize(
    "colour", [(0.95, 0.94, 0.92), (0.75, 0.1, 0.1), (0.1, 0.1, 0.12)], ids=["white", "red", "black"]
)
def test_a_tag_stays_with_main_and_is_dyed_with_all(colour):
    given = with_thing(garment(GREEN), TAG, colour)
    main, whole = (recoloured(*given, CLOTH["blue"], parts) for parts in ("main", "all"))
    assert np.allclose(inside(TAG, main.rgb), inside(TAG, given[0]), atol=1 / 255)
    assert np.abs(inside(TAG, whole.rgb) - inside(TAG, given[0])).max(axis=2).mean() > 0.05
    assert inside(TAG, main.kept).min() > 0.99 and whole.kept.max() == 0
    area = TAG[2] * TAG[3] / 300**2
    assert main.kept_area == pytest.approx(area, rel=0.25) and whole.kept_area == 0


def test_the_edge_of_a_tag_has_no_ring_of_the_old_cloth():
    given = with_thing(garment(GREEN), TAG, (0.95, 0.94, 0.92))
    made = recoloured(*given, CLOTH["red"]).rgb
    y, x, height, width = TAG
    around = made[y - 6 : y + height + 6, x - 6 : x + width + 6]
    lab = lab_of(around)
    assert not ((lab[..., 1] < -8) & (lab[..., 0] < 70)).any(), "no green is left"


@pytest.mark.parametrize("strength", [0.2, 0.4, 0.6])
def test_a_highlight_is_cloth(strength):
    rgb, matte = with_highlight(garment((0.6, 0.08, 0.1)), (200, 200), 35, strength)
    made = recoloured(rgb, matte, (0x1F, 0x4E, 0x79))
    assert made.kept_area < 0.002
    near = made.rgb[150:250, 150:250]
    assert (off_hue(near, (0x1F, 0x4E, 0x79)) < 12).mean() > 0.98


def test_a_shadow_is_cloth():
    rgb, matte = garment((0.6, 0.08, 0.1))
    y = np.linspace(0, 1, 400, dtype=np.float32)[:, None, None]
    dark = rgb * np.where(matte.alpha[..., None] > 0, np.clip(1.2 - y, 0.15, 1), 1)
    made = recoloured(dark, Matte(matte.alpha, dark), CLOTH["green"])
    assert made.kept_area < 0.002


def test_a_cloth_whose_hue_runs_with_the_light_is_dyed_as_a_whole():
    one, other = np.float32([0.98, 0.22, 0.42]), np.float32([0.8, 0.05, 0.1])
    across = np.linspace(0, 1, 400, dtype=np.float32)[None, :, None]
    for share, kept in ((across, False), ((across > 0.72).astype(np.float32), True)):
        rgb, matte = garment((1, 1, 1), depth=0.1)
        lit = np.where(matte.alpha[..., None] > 0, rgb * (one + (other - one) * share), rgb).astype(np.float32)
        made = recoloured(lit, Matte(matte.alpha, lit), CLOTH["green"])
        assert (made.kept_area > 0.1) is kept, "what meets it with an edge is another cloth"


def test_a_hook_on_top_is_left_alone_even_in_the_colour_of_the_cloth():
    rgb, matte = garment((0.1, 0.1, 0.12))
    rgb, alpha = rgb.copy(), matte.alpha.copy()
    rgb[20:50, 196:203], alpha[20:50, 196:203] = (0.1, 0.1, 0.12), 1
    made = recoloured(rgb, Matte(alpha, rgb), CLOTH["red"])
    assert np.abs(made.rgb[24:44, 198:201] - rgb[24:44, 198:201]).max() < 0.02
    assert (off_hue(made.rgb[60:340, 60:340], CLOTH["red"]) < 20).mean() > 0.95


def test_a_pattern_of_two_colours_is_dyed_as_a_whole():
    rgb, matte = with_stripes(garment((0.15, 0.2, 0.5)), (0.7, 0.65, 0.2))
    made = recoloured(rgb, matte, CLOTH["red"])
    assert made.kept_area < 0.01
    on = matte.alpha == 1
    assert (off_hue(made.rgb[None, on], CLOTH["red"]) < 12).mean() > 0.95
    assert made.garments == 1


def test_another_garment_is_told():
    given = with_thing(garment(GREEN), (230, 50, 120, 300), (0.15, 0.15, 0.5))
    made = recoloured(*given, CLOTH["red"])
    assert made.garments == 2
    assert made.kept_area == pytest.approx(0.4, abs=0.05)
    assert recoloured(*garment(GREEN), CLOTH["red"]).garments == 1


def test_the_rim_is_dyed_as_the_mixture_it_is():
    alpha = star(240, 200)
    background = flat(GREY, 240, 200, 1)
    rgb = composed(alpha, flat(RED, 240, 200, 2), background)
    made = recoloured(rgb, matte_of(rgb, blurred(alpha)), CLOTH["blue"]).rgb
    own = np.median(made[alpha == 1], axis=0)
    wanted = composed(alpha, np.broadcast_to(own, rgb.shape), background)
    rim = (alpha > 0.05) & (alpha < 0.95)
    assert np.abs(made - wanted)[rim].mean() < 0.035
    assert np.abs(rgb - wanted)[rim].mean() > 0.15


def test_a_cutout_keeps_its_alpha_out_of_the_dye():
    alpha = star(240, 200)
    matte = Matte(alpha, flat(RED, 240, 200, 2))
    made = recoloured_cutout(matte, CLOTH["blue"])
    shown = alpha > 0
    assert (off_hue(made.rgb[None, shown], CLOTH["blue"]) < 6).all(), "soft edges are dyed through, too"


@pytest.mark.parametrize("size", products.SIZES)
@pytest.mark.parametrize("covered", [0.0, 1.0, None])
@pytest.mark.parametrize("parts", ["main", "all"])
def test_any_size_and_mask_will_do_and_nothing_given_is_changed(size, covered, parts):
    rgb, mask = products.shaded(*size)
    matte = matte_of(rgb, mask if covered is None else np.full(size, covered, dtype=np.float32))
    before = rgb.copy(), matte.alpha.copy(), matte.colour.copy()
    made = recoloured(rgb, matte, (45, 90, 200), parts)
    assert made.rgb.shape == rgb.shape and made.rgb.dtype == np.float32 and made.kept.shape == size
    assert np.isfinite(made.rgb).all() and made.rgb.min() >= 0 and made.rgb.max() <= 1
    assert np.array_equal(rgb, before[0])
    assert np.array_equal(matte.alpha, before[1]) and np.array_equal(matte.colour, before[2])
    if covered == 0.0:
        assert np.array_equal(made.rgb, rgb) and made.kept_area == 0 and made.garments == 0


def test_the_same_picture_gives_the_same_bytes():
    given = with_thing(garment(GREEN), TAG, (0.95, 0.94, 0.92))
    assert np.array_equal(*(recoloured(*given, CLOTH["red"]).rgb for _ in range(2)))
