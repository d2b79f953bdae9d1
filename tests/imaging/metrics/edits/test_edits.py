"""The figures of edits on a drawn picture: nothing changed is no fault, and a fault of known size has that figure."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from likeness.imaging.edits.recolour import lab_of, recolour, rgb_of_lab
from likeness.imaging.metrics.edits import backdrop, cloth, fringe, grain, pattern, printing, size, things, tone
from likeness.imaging.metrics.edits.pair import Pair, pair_of

SIDE = 400
RED = (200, 30, 40)
Canvas = np.ndarray
Y, X = np.mgrid[:SIDE, :SIDE].astype(np.float32)
DISC = ((X - 200) ** 2 + (Y - 200) ** 2 < 110**2).astype(np.float32)


def drawn() -> Canvas:
    """Return a grey disc with folds and fine threads before a pale, slightly lit wall."""
    folds = 50 + 8 * np.sin(X / 9) + 1.5 * np.sin(X * 1.9) * np.sin(Y * 2.3)
    wall = 85 + X / 100
    light = np.where(DISC > 0, folds, wall)
    return rgb_of_lab(np.dstack([light, np.full_like(light, -3), np.full_like(light, -5)]).astype(np.float32))


GIVEN = drawn()


def pair(made: Canvas, given: Canvas = GIVEN) -> Pair:
    return pair_of(given, np.clip(made, 0, 1).astype(np.float32), DISC)


def dyed(where: Canvas = DISC) -> Canvas:
    return GIVEN + (recolour(GIVEN, np.ones_like(DISC), RED) - GIVEN) * where[..., None]


def moved(change: Canvas, where: Canvas) -> Canvas:
    """Return the dyed picture with a change of L*, a* and b* there."""
    lab = lab_of(dyed())
    return rgb_of_lab((lab + change * where[..., None]).astype(np.float32))


def test_an_unchanged_picture_has_no_fault_but_the_missing_dye() -> None:
    same = pair(GIVEN)
    assert fringe.fringe(same) == fringe.spill(same) == grain.grain(same, same.core) == 0
    assert (
        grain.clipped(same, same.core) == things.things_dyed(same) == things.tinted(same) == tone.tone_drift(same) == 0
    )
    assert grain.blocks(GIVEN, GIVEN, DISC) == 0
    assert cloth.texture_kept(same, same.core) == pytest.approx(1)
    assert cloth.folds(same) is None and cloth.blotches(same, RED) is None
    assert cloth.undyed(same, RED) == 1


def test_an_image_without_texture_has_none_to_lose() -> None:
    smooth = np.repeat((0.3 + X / 1000)[..., None], 3, axis=2)
    noisy = smooth + np.random.default_rng(0).normal(0, 0.01, smooth.shape).astype(np.float32)
    assert cloth.texture_kept(pair(noisy, smooth), DISC > 0) is None
    assert cloth.texture_kept(pair(smooth, noisy), DISC > 0) < 0.6


def test_a_dye_is_no_blotch_and_blotches_are_measured_by_their_strength() -> None:
    exact = cloth.blotches(pair(dyed()), RED)
    noise = cv2.GaussianBlur(np.random.default_rng(0).normal(size=GIVEN.shape), (0, 0), 7).astype(np.float32)
    noise /= noise.std()
    weak, strong = (cloth.blotches(pair(moved(noise * amount, DISC)), RED) for amount in (1, 3))
    assert exact is not None and weak is not None and strong is not None
    assert exact < 0.1 and strong == pytest.approx(3 * weak, rel=0.35) and strong > 0.4


def test_folds_are_kept_by_a_dye_and_lost_by_a_flat_one() -> None:
    kept = cloth.folds(pair(dyed()))
    flat = np.where(DISC[..., None] > 0, np.float32(RED) / 255, GIVEN)
    lost = cloth.folds(pair(flat))
    assert kept is not None and kept[1] > 0.97
    assert lost is None or lost[1] < 0.5
    contrast = cloth.contrast_kept(pair(flat))
    assert contrast is not None and contrast < 0.05


@pytest.mark.parametrize("share", [0.25, 0.5])
def test_the_share_that_was_not_dyed_is_known(share: float) -> None:
    edge = np.quantile(X[DISC > 0], 1 - share)
    figure = cloth.undyed(pair(dyed(DISC * (edge > X))), RED)
    assert figure == pytest.approx(share, abs=0.04)


def test_an_outline_is_followed_or_it_is_not() -> None:
    exact = fringe.outline_agreement(pair(dyed()))
    small = ((X - 200) ** 2 + (Y - 200) ** 2 < 100**2).astype(np.float32)
    plain = np.where(DISC[..., None] > 0, GIVEN[DISC > 0].mean(0), GIVEN).astype(np.float32)
    cut = plain + (recolour(plain, np.ones_like(DISC), RED) - plain) * small[..., None]
    wrong = fringe.outline_agreement(pair(cut, plain))
    assert exact is not None and exact > 0.9
    assert wrong is not None and wrong < 0.2


def test_what_is_spilt_is_a_share_of_the_product() -> None:
    block = ((X < 60) & (Y < 60)).astype(np.float32)
    assert fringe.spill(pair(dyed(np.maximum(DISC, block)))) == pytest.approx(60 * 60 / DISC.sum(), rel=0.05)
    nothing = replace(pair(dyed()), product=np.zeros_like(DISC))
    assert fringe.spill(nothing) is None and fringe.fringe(nothing) is None


def test_a_rim_is_a_fringe() -> None:
    ring = cv2.dilate(DISC, np.ones((5, 5))) - cv2.erode(DISC, np.ones((3, 3)))
    rimmed = fringe.fringe(pair(moved(np.float32([40, 0, 40]), ring)))
    assert rimmed is not None and rimmed > 5


def test_noise_is_measured_in_its_own_unit() -> None:
    noise = np.random.default_rng(0).normal(0, 4, GIVEN.shape).astype(np.float32)
    noise[..., 1:] = 0
    noisy = pair(moved(noise, DISC))
    clean = pair(dyed())
    grown, base = (grain.grain(one, one.core) for one in (noisy, clean))
    assert grown is not None and base is not None
    assert 2 < grown - base < 4.5


def test_blocks_are_seen_where_compression_is_strong() -> None:
    packed = cv2.imencode(".jpg", np.rint(GIVEN * 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 5])[1]
    assert grain.blocks(GIVEN, cv2.imdecode(packed, 1).astype(np.float32) / 255, None) > 0.3


def test_a_dye_that_ends_in_the_middle_of_the_cloth_makes_a_new_edge() -> None:
    half = np.where(X < 200, DISC, 0)
    found = fringe.new_edges(pair(dyed(half)))
    assert found is not None and found > 0.005
    assert fringe.new_edges(pair(dyed())) == fringe.new_edges(pair(GIVEN)) == 0
    given = np.where(((abs(X - 200) < 30) & (abs(Y - 200) < 40))[..., None], np.float32([0.9, 0.9, 0.85]), GIVEN)
    kept = np.where(((abs(X - 200) < 30) & (abs(Y - 200) < 40))[..., None], given, dyed())
    assert fringe.new_edges(pair(kept, given)) == 0, "a tag that is left alone has edges of its own"


def test_what_became_white_is_a_share() -> None:
    half = np.where(((X < 200) & (DISC > 0))[..., None], np.float32(1), GIVEN)
    one = pair(half)
    assert grain.clipped(one, one.core) == pytest.approx(0.5, abs=0.02)


def test_old_background_that_shows_is_a_share_of_the_product() -> None:
    white = np.where(DISC[..., None] > 0, GIVEN, np.float32(1))
    blue = np.where(DISC[..., None] > 0, GIVEN, np.float32([0.6, 0.76, 0.92]))
    hole = ((X < 40) & (Y < 50))[..., None]
    left = backdrop.background_left(pair(np.where(hole, GIVEN, blue)), (150, 195, 235))
    assert left == pytest.approx(40 * 50 / DISC.sum(), rel=0.1)
    assert backdrop.background_left(pair(blue), (150, 195, 235)) == 0
    assert backdrop.background_off(pair(white), (255, 255, 255)) == 0
    assert backdrop.background_off(pair(blue), (255, 255, 255)) == 1
    assert backdrop.product_changed(pair(white)) == 0 and backdrop.product_changed(pair(dyed())) == 1


def test_a_print_on_plain_ground_and_one_over_an_edge() -> None:
    plain = np.where(DISC[..., None] > 0, np.float32([0.4, 0.4, 0.4]), np.float32(0.9))
    stamp = ((abs(X - 200) < 30) & (abs(Y - 200) < 12))[..., None]
    good = printing.print_of(pair(np.where(stamp, np.float32(1), plain), plain))
    assert good is not None and good.busy == good.off == 0
    assert good.contrast is not None and good.contrast > 40 and good.spread == 0
    beside = ((abs(X - 310) < 30) & (abs(Y - 200) < 12))[..., None]
    bad = printing.print_of(pair(np.where(beside, np.float32([1, 0, 0]), plain), plain))
    assert bad is not None and bad.off > 0.3
    assert printing.print_of(pair(plain, plain)) is None


def test_a_print_over_a_seam_of_the_cloths_own_colour_is_busy() -> None:
    cloth = np.full((400, 400, 3), 0.5, np.float32)
    cloth[:, 198:202] -= np.float32(0.25)
    stamp = ((abs(X - 200) < 40) & (abs(Y - 200) < 12))[..., None]
    over = printing.print_of(pair(np.where(stamp, np.float32(1), cloth), cloth))
    aside = printing.print_of(pair(np.where(np.roll(stamp, 60, axis=1), np.float32(1), cloth), cloth))
    assert over is not None and over.busy > 0.05
    assert aside is not None and aside.busy == 0


def test_ink_that_follows_the_light_is_even_and_ink_that_does_not_is_uneven() -> None:
    cloth = np.repeat(np.linspace(0.3, 0.7, 400, dtype=np.float32)[None, :, None], 400, axis=0).repeat(3, axis=2)
    signs = ((abs(X % 60 - 30) < 12) & (abs(Y - 200) < 15) & (X > 60) & (X < 340))[..., None]
    lit = printing.print_of(pair(np.where(signs, cloth * np.float32(0.2), cloth), cloth))
    mixed = np.where((X // 60 % 2 > 0)[..., None], np.float32(0.02), np.float32(0.16))
    blotchy = printing.print_of(pair(np.where(signs, mixed, cloth), cloth))
    assert lit is not None and lit.spread is not None and lit.spread < 1.5
    assert blotchy is not None and blotchy.spread is not None and blotchy.spread > 5


def test_a_smaller_product_leaves_background_or_itself() -> None:
    wall = np.where(DISC[..., None] > 0, GIVEN[0, 200], GIVEN)
    assert size.residue(pair(wall), 0.8) == pytest.approx(0, abs=0.02)
    assert size.residue(pair(GIVEN), 0.8) == pytest.approx(1, abs=0.3)
    assert size.cut(pair(GIVEN), 0.8) == 0
    assert size.cut(pair(GIVEN), 2.5) > 0.2
    assert size.residue(pair(GIVEN), 1.25) is None
    rail = np.where((abs(Y - 200) < 2)[..., None] & (DISC[..., None] == 0), np.float32(0), GIVEN)
    assert size.broken_off(pair(GIVEN), 0.8) == 0 and size.broken_off(pair(GIVEN), 1.25) is None
    assert size.broken_off(pair(rail, rail), 0.8) > 0.003


def test_a_flat_pattern_is_rigid_and_shading_is_not() -> None:
    stripes = 0.5 + 0.5 * np.sign(np.sin(2 * np.pi * X / 32))
    assert pattern.rigid(pair(moved(np.float32([20, 0, 0]) * stripes[..., None], DISC))) > 0.9
    noise = cv2.GaussianBlur(np.random.default_rng(0).normal(size=GIVEN.shape), (0, 0), 5).astype(np.float32)
    assert pattern.rigid(pair(moved(noise * 200, DISC))) < 0.5


def test_a_pattern_is_seen_and_so_is_what_was_there_before() -> None:
    dots = (np.hypot(X % 20 - 10, Y % 20 - 10) < 5).astype(np.float32)[..., None] * np.float32([30, 0, 0])
    bare, dotted = pair(GIVEN), pair(moved(dots, DISC))
    back = pair(GIVEN, moved(dots, DISC))
    assert pattern.own_pattern(bare) < 5 < 10 < pattern.own_pattern(back)
    assert pattern.pattern_seen(bare) < 3 < 6 < pattern.pattern_seen(dotted)


def test_tone_is_measured_in_lab() -> None:
    lab = lab_of(GIVEN)
    shifted = pair(rgb_of_lab(lab + np.float32([5, 0, 0])))
    assert tone.tone_drift(shifted) == pytest.approx(5, abs=0.3)
    lighter, yellower, spread = tone.shifts(shifted)
    assert lighter == pytest.approx(5, abs=0.2) and yellower == pytest.approx(0, abs=0.2)
    assert spread == pytest.approx(1, abs=0.02) and tone.tones_kept(shifted) > 0.99
    grey = pair(rgb_of_lab(np.dstack([lab[..., 0], np.zeros_like(DISC), np.zeros_like(DISC)])))
    assert tone.greyness(grey) < 0.5 < tone.greyness(pair(GIVEN))


def test_a_tag_that_is_dyed_has_its_area() -> None:
    tag = ((abs(X - 200) < 12) & (abs(Y - 200) < 15)).astype(np.float32)
    given = np.where(tag[..., None] > 0, np.float32(0.97), GIVEN)
    everything = given + (recolour(given, np.ones_like(DISC), RED) - given) * DISC[..., None]
    spared = np.where(tag[..., None] > 0, given, everything)
    share = tag.sum() / DISC.sum()
    assert things.things_dyed(pair(everything, given)) == pytest.approx(share, rel=0.2)
    assert things.things_dyed(pair(spared, given)) == 0
    assert things.tinted(pair(everything, given)) == pytest.approx(share, rel=0.4)


def test_figures_do_not_depend_on_the_size_of_the_file() -> None:
    large = [cv2.resize(one, (2 * SIDE, 2 * SIDE), interpolation=cv2.INTER_CUBIC) for one in (GIVEN, dyed(), DISC)]
    big = pair_of(*large)
    assert big.scale == 1 and big.reduction == 0.5
    ours, theirs = fringe.fringe(pair(dyed())), fringe.fringe(big)
    assert ours is not None and theirs is not None and ours == pytest.approx(theirs, abs=0.5)


@pytest.mark.parametrize("rgb", [0.0, 0.5, 1.0])
def test_a_flat_picture_has_no_figure_that_is_not_a_number(rgb: float) -> None:
    flat = np.full((80, 90, 3), rgb, np.float32)
    one = pair_of(
        flat, np.where(np.arange(90)[None, :, None] < 45, flat, np.float32(RED) / 255), np.ones((80, 90), np.float32)
    )
    values = [cloth.blotches(one, RED), cloth.contrast_kept(one), cloth.undyed(one, RED), things.things_dyed(one)]
    values += [*(cloth.folds(one) or ()), grain.grain(one, one.core), fringe.fringe(one), fringe.spill(one)]
    values += [fringe.outline_agreement(one), tone.tone_drift(one), tone.tones_kept(one), pattern.rigid(one)]
    assert all(value is None or np.isfinite(value) for value in values)
