"""What an engine changed in a small copy, laid over the full picture: its detail stays, and nothing shows twice."""

from functools import cache

import cv2
import numpy as np
import pytest

from likeness.imaging.change import laid_over
from likeness.imaging.colour import Floats
from likeness.imaging.metrics.delta_e import ciede2000, lab
from likeness.imaging.metrics.edge_f1 import edge_f1

HEIGHT, WIDTH = 1500, 2000
SMALL = (592, 440)
"""Of about the area that Stable Diffusion 1.5 was trained at, 3.4 times smaller."""
RED, BLUE = (0.8, 0.15, 0.15), (0.15, 0.25, 0.8)


@cache
def grain(spread: float) -> Floats:
    return np.random.default_rng(1).normal(0, spread, (HEIGHT, WIDTH, 1)).astype(np.float32)


@cache
def shirt(colour: tuple[float, float, float], moved: int = 0) -> Floats:
    """Return a round piece of woven cloth with soft shading, on a light ground; `moved` px to the right."""
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    round_ = ((across - WIDTH / 2 - moved) / (WIDTH * 0.3)) ** 2 + ((down - HEIGHT / 2) / (HEIGHT * 0.38)) ** 2 < 1
    body = cv2.GaussianBlur(round_.astype(np.float32), (0, 0), 0.8)[..., None]
    thread = 1 + 0.12 * np.sin(across * 2 * np.pi / 5) * np.sin(down * 2 * np.pi / 4)
    shade = ((0.75 + 0.25 * np.cos(across / WIDTH * 6)) * thread)[..., None] + grain(0.02)
    ground = np.float32([0.93, 0.92, 0.9]) * (1 + grain(0.01))
    return np.clip(ground * (1 - body) + body * np.float32(colour) * shade, 0, 1).astype(np.float32)


@cache
def cloth(stripes: float, wide: int = 10) -> Floats:
    """Return grained cloth with stripes of so many px, so many times darker."""
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    shade = ((0.8 + 0.2 * np.cos(across / WIDTH * 6)) * (1 - stripes * (np.sin(down * np.pi / wide) > 0)))[..., None]
    return np.clip(np.float32([0.8, 0.3, 0.2]) * shade + grain(0.02), 0, 1).astype(np.float32)


def small(image: Floats) -> Floats:
    height, width = image.shape[:2]
    size = SMALL[0] * width // WIDTH, SMALL[1] * height // HEIGHT
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.float32)


def changed(image: Floats, to: Floats) -> Floats:
    """Return an image after an engine made `to` of it, both seen small."""
    return laid_over(image, small(image), small(to), small(image))


def fine(image: Floats) -> Floats:
    return (image - cv2.GaussianBlur(image, (0, 0), 3)).mean(2)


def test_what_did_not_change_stays_the_same_samples() -> None:
    image = shirt(RED)
    assert (changed(image, image) == image).all()
    blurred = cv2.GaussianBlur(small(image), (0, 0), 2)
    assert (laid_over(image, small(image), blurred, blurred) == image).all(), "what an autoencoder loses is no change"
    other = image.copy()
    other[600:900, 800:1200] = cv2.GaussianBlur(image, (0, 0), 5)[600:900, 800:1200] * np.float32((0.2, 0.8, 0.3))
    made = changed(image, other)
    assert (made[:500] == image[:500]).all() and (made[1000:] == image[1000:]).all()


def test_a_changed_colour_follows_every_thread() -> None:
    image, wanted = shirt(RED), shirt(BLUE)
    made = changed(image, wanted)
    assert edge_f1(image, made) >= 0.97
    edges = cv2.Canny((image.mean(2) * 255).astype(np.uint8), 60, 120)
    near = cv2.dilate(edges, np.ones((17, 17), np.uint8)) > 0
    assert near.any() and np.percentile(ciede2000(lab(made), lab(wanted))[near], 95) <= 10
    inside = (slice(600, 900), slice(800, 1200))
    assert np.corrcoef(fine(made)[inside].ravel(), fine(wanted)[inside].ravel())[0, 1] > 0.8, "thread by thread"


@pytest.mark.parametrize("contrast", [0.15, 0.5])
@pytest.mark.parametrize("wide", [6, 10, 24, 40])
def test_what_was_taken_away_does_not_shine_through(wide: int, contrast: float) -> None:
    striped, plain = (cloth(*one)[: HEIGHT // 2, : WIDTH // 2] for one in ((contrast, wide), (0.0,)))
    made = changed(striped, plain)
    stripes, left = fine(striped - plain)[50:-50, 50:-50], fine(made)[50:-50, 50:-50]
    assert abs(np.corrcoef(stripes.ravel(), left.ravel())[0, 1]) <= 0.2


def test_cloth_dyed_nearly_black_keeps_its_threads() -> None:
    """A tenth of the contrast is left, and that is the cloth's own."""
    image, wanted = shirt(RED), shirt((0.09, 0.08, 0.08))
    made, inside = changed(image, wanted), (slice(600, 900), slice(800, 1200))
    assert np.corrcoef(fine(made)[inside].ravel(), fine(wanted)[inside].ravel())[0, 1] > 0.8


def test_an_edge_that_moved_is_there_once() -> None:
    image, wanted = shirt(RED), shirt(RED, moved=12)
    made = changed(image, wanted)
    assert edge_f1(wanted, made) >= 0.97
    assert edge_f1(wanted, image) < 0.5, "it did move"


def test_something_new_is_shown_as_it_was_made() -> None:
    image = cv2.GaussianBlur(cloth(0.0), (0, 0), 2)
    letters = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.putText(letters, "NEW", (500, 800), cv2.FONT_HERSHEY_SIMPLEX, 10, 255, 60, cv2.LINE_AA)
    ink = letters[..., None] / np.float32(255)
    wanted = image * (1 - ink) + ink * np.float32((0.05, 0.05, 0.4))
    made = changed(image, wanted)
    assert np.abs(made - wanted).mean() < 0.01
    assert edge_f1(wanted, made) >= 0.9


@pytest.mark.parametrize("size", [(31, 47), (256, 300), (257, 64)])
def test_any_size_comes_back_in_its_size(size: tuple[int, int]) -> None:
    image = np.random.default_rng(0).random((*size, 3), np.float32)
    seen = np.asarray(cv2.resize(image, (24, 16), interpolation=cv2.INTER_AREA), dtype=np.float32)
    made = laid_over(image, seen, 1 - seen, seen)
    assert made.shape == image.shape and np.isfinite(made).all() and made.min() >= 0 and made.max() <= 1


def slope(image: Floats) -> float:
    """Return how steeply the spectrum of 256 x 256 px falls, from large shapes to single px: the exponent of power."""
    side = 256
    window = np.hanning(side)[:, None] * np.hanning(side)
    light = image.mean(2)
    power = np.abs(np.fft.fft2((light - light.mean()) * window)) ** 2
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side))
    kept = (frequency > 0.03) & (frequency < 0.45)
    return float(np.polyfit(np.log(frequency[kept]), np.log(power[kept] + 1e-12), 1)[0])


def discs(seed: int) -> Floats:
    """Return overlapping discs of all sizes and colours, with grain."""
    random = np.random.default_rng(seed)
    drawn = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    for _ in range(900):
        at = (int(random.integers(0, WIDTH)), int(random.integers(0, HEIGHT)))
        colour = tuple(int(one) for one in random.integers(40, 220, 3))
        cv2.circle(drawn, at, int(random.integers(8, 70)), colour, -1, cv2.LINE_AA)
    fine = cv2.GaussianBlur(random.normal(0, 0.03, (HEIGHT, WIDTH)), (0, 0), 0.6)[..., None]
    return np.clip(drawn / np.float32(255) + fine, 0, 1).astype(np.float32)


def test_new_content_is_as_sharp_and_as_grained_as_what_is_around_it() -> None:
    image, wanted = discs(1), discs(1)
    new = (slice(500, 1000), slice(700, 1300))
    wanted[new] = discs(2)[new]
    made = changed(image, wanted)
    inside, beside = (slice(620, 876), slice(870, 1126)), (slice(620, 876), slice(200, 456))
    assert abs(slope(made[inside]) / slope(made[beside]) - 1) <= 0.2
    plain = cv2.resize(small(wanted), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    assert abs(slope(plain[inside]) / slope(image[beside]) - 1) > 1, "enlarged alone it is not"
    old, shown = fine(image)[inside].ravel(), fine(made)[inside].ravel()
    assert abs(np.corrcoef(old, shown)[0, 1]) <= 0.2, "nothing of the old shines through"
