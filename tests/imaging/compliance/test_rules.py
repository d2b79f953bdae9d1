"""Made pictures of which each breaks one rule: that rule's row fails, and the unbroken picture passes every one."""

import io
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from likeness.contract.presets import Rule, load_presets
from likeness.imaging.compliance.facts import Facts
from likeness.imaging.compliance.marked import marked
from likeness.imaging.compliance.rules import RULES, judged, offending, row_of
from likeness.imaging.packshot.cutout import Box

PRESETS = load_presets()
SIDES = {"amazon-main": 600, "google-shopping": 400, "walmart": 2200, "ebay": 520, "shopify": 300}
Broken = Callable[[Facts], Facts]


def product(side: int, fill: float = 0.87) -> tuple[np.ndarray, np.ndarray]:
    """Return a sharp, textured product on pure white, and its alpha."""
    alpha = np.zeros((side, side), np.uint8)
    half, middle = round(side * fill / 2), side // 2
    cv2.ellipse(alpha, (middle, middle), (half, round(half * 0.8)), 0, 0, 360, 255, -1)
    random = np.random.default_rng(7)
    blocks = cv2.resize(random.integers(40, 150, (side // 8 + 1, side // 8 + 1, 3)).astype(np.uint8), (side, side))
    texture = (blocks + random.integers(0, 60, (side, side, 3))).astype(np.uint8)
    return np.where(alpha[..., None] > 0, texture, np.uint8(255)), alpha


def fine(preset: str) -> Facts:
    rgb, alpha = product(SIDES[preset])
    return Facts(
        rgb=rgb,
        opacity=None,
        product=alpha,
        format="jpeg",
        mode="RGB",
        bit_depth=8,
        size_in_bytes=400_000,
        profile="srgb",
        enlarged=0.8,
        texts=[],
        made_by_ai=False,
    )


def drawn(change: Callable[[np.ndarray], None]) -> Broken:
    def broken(facts: Facts) -> Facts:
        rgb = facts.rgb.copy()
        change(rgb)
        return replace(facts, rgb=rgb)

    return broken


def painted(rows: slice, columns: slice, colour: int | tuple[int, int, int]) -> Broken:
    def change(rgb: np.ndarray) -> None:
        rgb[rows, columns] = colour

    return drawn(change)


def framed(width: int, colour: tuple[int, int, int]) -> Broken:
    def change(rgb: np.ndarray) -> None:
        for edge in (rgb[:width], rgb[-width:], rgb[:, :width], rgb[:, -width:]):
            edge[:] = colour

    return drawn(change)


def wall(colour: tuple[int, int, int]) -> Broken:
    return lambda facts: replace(facts, rgb=np.where(facts.product[..., None] > 0, facts.rgb, np.uint8(colour)))


def small(fill: float) -> Broken:
    def broken(facts: Facts) -> Facts:
        rgb, alpha = product(facts.width, fill)
        return replace(facts, rgb=rgb, product=alpha)

    return broken


def shifted(right: int, down: int) -> Broken:
    def broken(facts: Facts) -> Facts:
        move = np.float32([[1, 0, right], [0, 1, down]])
        size = (facts.width, facts.height)
        rgb = cv2.warpAffine(facts.rgb, move, size, borderValue=(255, 255, 255))
        return replace(facts, rgb=rgb, product=cv2.warpAffine(facts.product, move, size))

    return broken


def cropped(side: int) -> Broken:
    def broken(facts: Facts) -> Facts:
        rgb, alpha = product(side)
        return replace(facts, rgb=rgb, product=alpha)

    return broken


def wider(facts: Facts) -> Facts:
    return replace(facts, rgb=facts.rgb[40:-40], product=facts.product[40:-40])


def blurred(sigma: float) -> Broken:
    return lambda facts: replace(facts, rgb=cv2.GaussianBlur(facts.rgb, (0, 0), sigma))


def blown_up(facts: Facts) -> Facts:
    small = cv2.resize(facts.rgb, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    rgb = cv2.resize(small, (facts.width, facts.height), interpolation=cv2.INTER_CUBIC)
    return replace(facts, rgb=np.asarray(rgb), enlarged=None)


def told(**changes: object) -> Broken:
    return lambda facts: replace(facts, **changes)


CORNER = slice(0, 1), slice(0, 1)
BACKGROUNDS: dict[str, Broken] = {
    "one grey px": painted(*CORNER, 254),
    "one coloured px": painted(*CORNER, (255, 255, 250)),
    "an off-white wall": wall((250, 250, 250)),
    "a cream wall": wall((255, 253, 248)),
    "a grey wall": wall((235, 235, 235)),
    "a black wall": wall((0, 0, 0)),
    "a line along the top": painted(slice(0, 2), slice(None), 200),
    "a shadow in the corner": painted(slice(-30, None), slice(-30, None), 240),
    "a transparent ground": lambda facts: replace(facts, opacity=np.where(facts.product > 0, 255, 0).astype(np.uint8)),
}
CASES: list[tuple[str, str, str, Broken]] = [
    *[(preset, "background", name, broken) for preset in ("amazon-main",) for name, broken in BACKGROUNDS.items()],
    ("walmart", "background", "one grey px", painted(*CORNER, 254)),
    *[("amazon-main", "fill", f"fill {fill}", small(fill)) for fill in (0.2, 0.5, 0.7, 0.8, 0.84)],
    *[("amazon-main", "longest_side", f"{side} px", cropped(side)) for side in (100, 300, 496)],
    *[("ebay", "longest_side", f"{side} px", cropped(side)) for side in (100, 300, 496)],
    *[("google-shopping", "shortest_side", f"{side} px", cropped(side)) for side in (60, 98)],
    *[("walmart", "shortest_side", f"{side} px", cropped(side)) for side in (400, 1500, 2198)],
    ("walmart", "square", "cut wider", wider),
    ("amazon-main", "bytes", "one byte over", told(size_in_bytes=10_000_001)),
    ("google-shopping", "bytes", "one byte over", told(size_in_bytes=16_000_001)),
    ("walmart", "bytes", "one byte over", told(size_in_bytes=5_000_001)),
    ("shopify", "bytes", "one byte over", told(size_in_bytes=20_000_001)),
    ("amazon-main", "format", "webp", told(format="webp")),
    ("walmart", "format", "webp", told(format="webp")),
    ("amazon-main", "mode", "grey", told(mode="L")),
    ("amazon-main", "mode", "with alpha", told(mode="RGBA")),
    ("walmart", "mode", "CMYK", told(mode="CMYK")),
    ("walmart", "mode", "grey", told(mode="L")),
    ("walmart", "bit_depth", "16 bits", told(bit_depth=16)),
    *[
        ("amazon-main", "whole", f"cut at {side}", shifted(*by))
        for side, by in {"right": (80, 0), "left": (-80, 0), "bottom": (0, 150), "top": (0, -150)}.items()
    ],
    ("google-shopping", "whole", "cut at the bottom", shifted(0, 110)),
    ("google-shopping", "whole", "cut in the original", told(cut_at=["left"])),
    *[
        (preset, "border", f"{width} px of {colour}", framed(width, colour))
        for preset in ("amazon-main", "google-shopping", "ebay")
        for width, colour in ((3, (0, 0, 0)), (8, (200, 30, 30)), (5, (120, 120, 120)))
    ],
    *[
        (preset, "text", "beside the product", told(texts=[Box(5, 5, 90, 25)]))
        for preset in ("amazon-main", "google-shopping", "ebay")
    ],
    *[("amazon-main", "sharpness", f"sigma {sigma}", blurred(sigma)) for sigma in (2.0, 3.0, 6.0)],
    *[(preset, "enlargement", "4 times", told(enlarged=4.0)) for preset in SIDES],
    *[(preset, "enlargement", "1.05 times", told(enlarged=1.05)) for preset in SIDES],
    *[(preset, "enlargement", "blown up, untold", blown_up) for preset in ("amazon-main", "ebay", "google-shopping")],
    ("google-shopping", "provenance", "nothing said", told(made_by_ai=True)),
    ("google-shopping", "provenance", "said to be a photo", told(made_by_ai=True, said="digitalCapture")),
]


@pytest.mark.parametrize("preset", SIDES)
def test_a_picture_as_it_should_be_passes_every_rule(preset: str) -> None:
    found = judged(fine(preset), PRESETS.find(preset).rule, preset)
    assert not found.missed and not found.unjudged, found.missed
    assert all(row.source for row in found.rows)


def test_sixty_cases_are_made_and_every_rule_that_must_be_met_is_broken_once() -> None:
    assert len(CASES) >= 60
    musts = {(one.name, rule.rule) for one in PRESETS.preset for rule in one.rule if rule.level == "must"}
    untried = musts - {(preset, rule) for preset, rule, _, _ in CASES}
    assert {rule for _, rule in untried} <= {"pixels", "longest_side", "format"}, untried


@pytest.mark.parametrize(
    ("preset", "rule", "name", "broken"), CASES, ids=lambda one: one if isinstance(one, str) else ""
)
def test_the_row_of_the_broken_rule_fails(preset: str, rule: str, name: str, broken: Broken) -> None:
    facts = broken(fine(preset))
    rules = [one for one in PRESETS.find(preset).rule if one.rule == rule and one.level == "must"]
    assert rules and all(row_of(one, facts).ok is False for one in rules)


def test_sizes_in_pixels_are_bounded() -> None:
    facts = fine("shopify")
    assert row_of(Rule(rule="pixels", most=80_000, source="test"), facts).ok is False
    assert row_of(Rule(rule="pixels", most=90_000, source="test"), facts).ok is True


def test_a_shadow_may_lie_on_white_where_the_rule_says_so() -> None:
    rgb, alpha = product(400, 0.6)
    soft = cv2.GaussianBlur(np.roll(alpha, 14, axis=0).astype(np.float32) / 255, (0, 0), 6)
    soft[soft < 0.01] = 0
    shaded = np.where(alpha[..., None] > 0, rgb, np.rint(255 - 40 * soft)[..., None]).astype(np.uint8)
    facts = replace(fine("google-shopping"), rgb=shaded, product=alpha)
    assert row_of(Rule(rule="background", source="test"), facts).ok is False
    assert row_of(Rule(rule="background", shadow=True, source="test"), facts).ok is True
    grey = replace(facts, rgb=np.where(alpha[..., None] > 0, rgb, np.uint8(240)))
    assert row_of(Rule(rule="background", shadow=True, source="test"), grey).ok is False, "a wall is no shadow"


def test_a_colour_may_be_off_by_what_jpeg_rounds_and_a_grey_by_nothing() -> None:
    blue, white = Rule(rule="background", one_of=["#DEE6EE"], source="test"), Rule(rule="background", source="test")
    given = fine("google-shopping")
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "#DEE6EE").save(file, "JPEG", quality=95, subsampling=0)
    (stored,) = Image.open(file).resize((1, 1), Image.Resampling.NEAREST).getdata()
    assert stored != (222, 230, 238), "or there would be nothing to allow"
    assert row_of(blue, wall(stored)(given)).ok is True
    assert row_of(blue, replace(wall(stored)(given), format="png")).ok is False
    assert row_of(blue, wall((222, 230, 242))(given)).ok is False
    assert row_of(white, wall((254, 255, 255))(given)).ok is False


def test_what_cannot_be_told_is_not_judged() -> None:
    facts = replace(fine("google-shopping"), texts=None, made_by_ai=None)
    found = judged(facts, PRESETS.find("google-shopping").rule, "google-shopping")
    assert [row.rule for row in found.unjudged] == ["text", "provenance"] and all(row.note for row in found.unjudged)


def test_text_on_the_product_is_its_own() -> None:
    facts = replace(fine("ebay"), texts=[Box(240, 250, 280, 270)])
    row = row_of(Rule(rule="text", source="test"), facts)
    assert row.ok is True and "on the product" in (row.note or "")


def test_offending_pixels_are_counted_and_marked() -> None:
    facts = painted(slice(0, 4), slice(0, 5), 200)(fine("amazon-main"))
    rules = PRESETS.find("amazon-main").rule
    wrong = offending(facts, rules)
    assert wrong.sum() == 20 and row_of(rules[0], facts).offending == 20
    assert (marked(facts.rgb, wrong, facts.box)[0, 0] == (255, 0, 200)).all()


def test_every_rule_has_its_function() -> None:
    assert {rule.rule for preset in PRESETS.preset for rule in preset.rule} <= set(RULES)
