"""Cut-outs and packshots of made products whose alpha is known."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from likeness.contract.options import Box as Patch
from likeness.contract.packshots import Packshot
from likeness.contract.presets import Look, load_presets, look_of
from likeness.imaging.formats.decode import Bounds, decode
from likeness.imaging.packshot.compose import away_from
from likeness.imaging.packshot.cutout import Cutout, cut_out, cut_out_of
from likeness.imaging.packshot.export import Export
from likeness.imaging.packshot.placement import placed, placement_of
from likeness.imaging.packshot.shoot import shot_of
from likeness.imaging.packshot.source import SRGB, is_srgb, source_of
from likeness.imaging.packshot.straighten import lean_of, turned
from likeness.imaging.packshot.white_balance import balanced, gains_of, gains_of_patch
from likeness.imaging.picture import Picture

GREEN, GREY = (30, 140, 60), (180, 178, 175)


def ellipse(height: int = 240, width: int = 320) -> np.ndarray:
    """Return the alpha of an ellipse of 160 x 120 px with a soft edge, in 0..1."""
    y, x = np.mgrid[:height, :width]
    away = np.hypot((x - width / 2) / 80, (y - height / 2) / 60)
    return np.clip((1 - away) * 60 + 0.5, 0, 1).astype(np.float32)


def photo(alpha: np.ndarray) -> np.ndarray:
    texture = (np.indices(alpha.shape).sum(0) % 9 * 3)[..., None]
    product = np.clip(np.array(GREEN) + texture, 0, 255)
    return np.rint(product * alpha[..., None] + np.array(GREY) * (1 - alpha[..., None])).astype(np.uint8)


@pytest.fixture
def cutout() -> Cutout:
    alpha = ellipse()
    return cut_out(photo(alpha), (alpha > 0.5).astype(np.float32))


def test_a_cut_out_keeps_opaque_samples_and_has_none_of_the_old_background(cutout: Cutout) -> None:
    given = photo(ellipse())
    solid = cutout.alpha == 255
    assert (cutout.rgb[solid] == given[solid]).all()
    assert np.abs(cutout.alpha / 255 - ellipse()).mean() < 0.01
    mixed = (cutout.alpha > 20) & ~solid
    assert np.abs(cutout.rgb[mixed].astype(int) - np.array(GREEN) - 12).max() < 40, "its own colour, not the wall's"
    assert (cutout.rgb[:20] == 0).all(), "nothing of the wall is hidden behind alpha 0"


def test_what_is_cut_by_the_frame_is_told() -> None:
    alpha = np.zeros((100, 100), np.uint8)
    alpha[40:, 30:70] = 255
    assert Cutout(np.zeros((100, 100, 3), np.uint8), alpha).cut_at == ["bottom"]


def test_pieces_are_counted_without_crumbs() -> None:
    alpha = np.zeros((200, 200), np.uint8)
    alpha[20:80, 20:80] = alpha[120:180, 120:180] = 255
    alpha[5, 190] = 255
    assert Cutout(np.zeros((200, 200, 3), np.uint8), alpha).parts == 2


@pytest.mark.parametrize("size", [(400, 400), (500, 300), (90, 200), (1600, 1600)])
@pytest.mark.parametrize("align", ["centre", "bottom"])
def test_the_product_takes_the_share_that_was_asked(cutout: Cutout, size: tuple[int, int], align: str) -> None:
    shot = shot_of(photo(ellipse()), cutout, Look(size=f"{size[0]}x{size[1]}", fill=0.8, align=align))
    box = Cutout(shot.composed.pixels, shot.alpha).box
    assert box is not None and shot.composed.pixels.shape[:2] == size[::-1]
    assert max(box.width / size[0], box.height / size[1]) == pytest.approx(0.8, abs=max(0.008, 1.5 / min(size)))
    left, right, below = box.left, size[0] - box.right, size[1] - box.bottom
    assert abs(left - right) <= max(2, shot.placement.scale)
    assert below == pytest.approx(0.1 * size[1] if align == "bottom" else box.top, abs=max(2, shot.placement.scale))


def test_without_enlarging_the_product_stays_small(cutout: Cutout) -> None:
    shot = shot_of(photo(ellipse()), cutout, Look(size="900x900", upscale="never"))
    assert shot.placement.scale == 1
    box = Cutout(shot.composed.pixels, shot.alpha).box
    assert box is not None and abs(box.width - 160) <= 1


def test_at_its_own_scale_every_opaque_sample_stays(cutout: Cutout) -> None:
    product = placed(cutout, placement_of(cutout.box, (640, 480), 1.0, "centre", 1.0))
    solid = product.alpha == 255
    given = cutout.rgb[cutout.alpha == 255]
    assert solid.sum() == len(given) and (product.colour[solid] == given).all()


@pytest.mark.parametrize("shadow", ["none", "contact", "cast", "keep", "reflection"])
@pytest.mark.parametrize("format", ["jpeg", "png", "webp"])
def test_white_is_white_outside_product_and_shadow(cutout: Cutout, shadow: str, format: str) -> None:
    shot = shot_of(photo(ellipse()), cutout, Look(size="600x600", fill=0.5, shadow=shadow))
    data = Export(format).of(shot.composed.pixels).data
    made = np.asarray(Image.open(io.BytesIO(data)))
    far = away_from((~shot.composed.free).astype(np.uint8), 8)
    known = away_from(shot.alpha, 8)
    assert far.sum() > 0.3 * known.sum() and (made[far] == 255).all()


def test_a_shadow_lies_where_its_kind_says(cutout: Cutout) -> None:
    rgb = photo(ellipse())
    looks = {kind: Look(size="600x600", fill=0.4, shadow=kind) for kind in ("contact", "cast", "reflection")}
    below = {}
    for kind, look in looks.items():
        shot = shot_of(rgb, cutout, look)
        box = Cutout(shot.composed.pixels, shot.alpha).box
        dark = 255 - shot.composed.pixels.min(axis=2).astype(int)
        below[kind] = dark[box.bottom + 2 : box.bottom + 12, 250:350].mean()
    assert all(value > 1 for value in below.values()), below
    right = shot_of(rgb, cutout, Look(size="600x600", fill=0.4, shadow="cast", angle=20)).composed.pixels
    left = shot_of(rgb, cutout, Look(size="600x600", fill=0.4, shadow="cast", angle=160)).composed.pixels
    assert right[:, 430:].mean() < right[:, :170].mean() and left[:, :170].mean() < left[:, 430:].mean()


def test_on_nothing_a_packshot_is_transparent_there(cutout: Cutout) -> None:
    shot = shot_of(photo(ellipse()), cutout, Look(size="400x400", background="transparent", format="png"))
    pixels = shot.composed.pixels
    assert pixels.shape == (400, 400, 4)
    assert (pixels[away_from(shot.alpha, 0)] == 0).all() and (pixels[200, 200, 3] == 255)


def test_a_picture_lies_behind_the_product(cutout: Cutout) -> None:
    behind = np.dstack([np.tile(np.arange(256, dtype=np.uint8), (128, 1))] * 3)
    look = Look(size="300x300", background="file")
    shot = shot_of(photo(ellipse()), cutout, look, behind)
    free = away_from(shot.alpha, 0)
    assert free[5, 5] and shot.composed.pixels[5, 5, 0] < 90 < 160 < shot.composed.pixels[5, -5, 0]


def test_a_lean_is_found_and_undone() -> None:
    alpha = np.zeros((300, 300), np.uint8)
    alpha[60:240, 110:190] = 255
    upright = Cutout(np.full((300, 300, 3), 90, np.uint8), alpha)
    leaning = turned(upright, -7.0)
    found = lean_of(leaning.alpha)
    assert found == pytest.approx(7.0, abs=0.6)
    assert abs(lean_of(turned(leaning, found).alpha)) < 0.6 and lean_of(alpha) == 0


def test_the_light_is_taken_out_by_a_patch_and_by_the_background() -> None:
    given = photo(ellipse())
    warm = balanced(given, (1.3, 1.0, 0.7))
    patch = balanced(warm, gains_of_patch(warm, Patch(left=0, top=0, width=0.1, height=0.1)))
    auto = balanced(warm, gains_of(warm, np.rint(ellipse() * 255).astype(np.uint8)))
    for made in (patch, auto):
        assert np.ptp(made[5, 5].astype(int)) <= 2, "the wall is grey again"
    assert np.ptp(warm[5, 5].astype(int)) > 20


def test_a_bound_in_bytes_is_met_by_the_best_quality_that_does() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (200, 200, 3)).astype(np.uint8)
    free = Export("jpeg", 95).of(noise)
    bound = len(free.data) * 2 // 3
    made = Export("jpeg", 95, bound).of(noise)
    more = Export("jpeg", made.quality + 1).of(noise)
    assert len(made.data) <= bound < len(more.data) and 40 <= made.quality < 95
    assert len(Export("jpeg", 95, 1000).of(noise).data) > 1000, "it cannot be met, and the file is as it is"


def test_colours_are_converted_and_not_merely_untagged() -> None:
    swapped = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    lab = np.full((8, 8, 3), (200, 60, 60), np.uint8)
    wide = wide_gamut()
    source = source_of(Picture(Image.fromarray(lab), "png", icc_profile=wide))
    assert source.note.startswith("from") and np.abs(source.rgb[0, 0].astype(int) - (200, 60, 60)).max() > 8
    same = source_of(Picture(Image.fromarray(lab), "png", icc_profile=swapped.tobytes()))
    assert (same.rgb == lab).all() and is_srgb(SRGB) and not is_srgb(wide) and not is_srgb(b"nothing")
    broken = source_of(Picture(Image.fromarray(lab), "png", icc_profile=b"nothing"))
    assert (broken.rgb == lab).all() and "cannot be applied" in broken.note


def wide_gamut() -> bytes:
    """Return sRGB's profile with red and green primaries farther out: the XYZ of its rXYZ and gXYZ tags are larger."""
    data = bytearray(SRGB)
    count = int.from_bytes(data[128:132], "big")
    for number in range(count):
        entry = 132 + 12 * number
        if bytes(data[entry : entry + 4]) in (b"rXYZ",):
            at = int.from_bytes(data[entry + 4 : entry + 8], "big") + 8
            value = int.from_bytes(data[at : at + 4], "big")
            data[at : at + 4] = (value * 5 // 4).to_bytes(4, "big")
    return bytes(data)


def test_every_format_carries_its_profile_and_xmp(cutout: Cutout) -> None:
    for format in ("jpeg", "png", "webp"):
        data = Export(format, profile=SRGB, xmp=b"<x/>").of(cutout.rgb).data
        assert decode(data, Bounds()).icc_profile == SRGB and b"<x/>" in data


def test_a_cut_out_that_was_given_is_taken_as_it_is() -> None:
    alpha = np.rint(ellipse() * 255).astype(np.uint8)
    made = cut_out_of(photo(ellipse()), alpha)
    assert (made.alpha == alpha).all() and (made.rgb[alpha == 255] == photo(ellipse())[alpha == 255]).all()


def test_a_preset_settles_what_a_request_leaves_open() -> None:
    amazon = load_presets().find("amazon-main")
    look = look_of(Packshot(preset="amazon-main", fill=0.9), amazon)
    assert (look.size, look.fill, look.shadow, look.format) == ("2000x2000", 0.9, "none", "jpeg")
    assert look_of(Packshot(background="transparent"), None).format == "png"
    assert look_of(Packshot(background="#eeeeee"), None).shadow == "contact"
