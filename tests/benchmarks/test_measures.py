"""The benchmark's measures, on pictures whose figures are known."""

import numpy as np
import pytest

from benchmarks.customisation.measures import (
    continued,
    delta_e_to,
    edge_f1_within,
    hue_error,
    lightness,
    lines_f1,
    normalised,
    psnr_within,
    third,
)
from likeness.imaging.colour import Floats

SIDE = 64
LEFT = np.arange(SIDE)[None].repeat(SIDE, 0) < SIDE // 2


def plain(*colour: int) -> Floats:
    return np.full((SIDE, SIDE, 3), np.float32(colour) / 255, np.float32)


def halves(left: Floats, right: Floats) -> Floats:
    return np.where(LEFT[..., None], left, right).astype(np.float32)


def striped(one: Floats, two: Floats) -> Floats:
    return np.where((np.arange(SIDE)[:, None, None] // 8) % 2 == 0, one, two).astype(np.float32)


def test_the_hue_is_that_of_the_part_alone() -> None:
    picture = halves(plain(200, 30, 40), plain(45, 90, 200))
    assert hue_error(picture, LEFT, (200, 30, 40)) == pytest.approx(0, abs=0.1)
    assert hue_error(picture, ~LEFT, (45, 90, 200)) == pytest.approx(0, abs=0.1)
    assert hue_error(picture, LEFT, (120, 18, 24)) < 10, "a darker red is of about the same hue"


def test_the_shorter_way_around_the_circle_counts() -> None:
    pink, red = (240, 130, 175), (200, 30, 40)
    there = hue_error(plain(*pink), LEFT, red)
    assert there == pytest.approx(hue_error(plain(*red), LEFT, pink), abs=0.1)
    assert there < 60 < 160 < hue_error(plain(0, 128, 0), LEFT, (128, 0, 128)) <= 180


def test_thirds_of_lightness() -> None:
    picture = halves(plain(20, 20, 20), plain(240, 240, 240))
    assert third(lightness(picture, LEFT)) == "black"
    assert third(lightness(picture, ~LEFT)) == "white"
    assert third(lightness(plain(119, 119, 119), LEFT)) == "grey"
    assert [third(light) for light in (33.3, 33.4, 66.6, 66.7)] == ["black", "grey", "grey", "white"]


def test_psnr_looks_nowhere_else() -> None:
    given, made = plain(100, 100, 100), halves(plain(100, 100, 100), plain(200, 0, 0))
    assert psnr_within(given, made, LEFT) == 100
    off = given + np.float32(0.1)
    assert psnr_within(given, halves(off, made), LEFT) == pytest.approx(20, abs=0.01)


def test_the_distance_to_a_colour_is_the_mean_of_the_pixels() -> None:
    assert delta_e_to(plain(250, 240, 10), LEFT, (250, 240, 10)) == pytest.approx(0, abs=0.01)
    assert delta_e_to(plain(0, 0, 0), LEFT, (255, 255, 255)) == pytest.approx(100, abs=0.5)
    upper = np.arange(SIDE)[:, None].repeat(SIDE, 1) < SIDE // 2
    mixed = np.where(upper[..., None], plain(0, 0, 0), plain(255, 255, 255)).astype(np.float32)
    assert delta_e_to(mixed, LEFT, (255, 255, 255)) == pytest.approx(50, abs=0.5)


def test_edges_inside_are_those_of_the_part() -> None:
    dark, light = plain(60, 20, 20), plain(160, 90, 90)
    given = halves(striped(dark, light), plain(255, 255, 255))
    other_ground = halves(striped(dark, light), striped(plain(0, 0, 0), plain(255, 255, 255)))
    assert edge_f1_within(given, other_ground, LEFT) == 1
    lost = halves(plain(110, 50, 50), plain(255, 255, 255))
    assert edge_f1_within(given, lost, LEFT) == 0, "the outline does not count"


def test_what_continues_a_part_keeps_it_and_makes_no_outline() -> None:
    around = continued(halves(plain(200, 30, 40), plain(255, 255, 255)), LEFT)
    assert np.allclose(around, plain(200, 30, 40), atol=0.01)


def test_lines_agree_within_two_pixels() -> None:
    def line(row: int) -> Floats:
        lines = plain(0, 0, 0)
        lines[row] = 1
        return lines

    assert lines_f1(line(20), line(20)) == lines_f1(line(20), line(22)) == 1
    assert lines_f1(line(20), line(24)) == 0
    assert lines_f1(line(20), np.maximum(line(20), line(40))) == pytest.approx(2 / 3)
    assert lines_f1(plain(0, 0, 0), plain(0, 0, 0)) == 1
    assert lines_f1(line(20), plain(0, 0, 0)) == 0


def test_texts_are_compared_by_letters_and_digits() -> None:
    assert normalised("Just\ndo it!") == "justdoit"
    assert normalised("RIO 2016") == "rio2016"
