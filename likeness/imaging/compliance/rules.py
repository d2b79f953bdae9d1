"""The rules of a preset: each is a function of what was measured, to what was asked, found, and whether it is met."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from likeness.contract.compliance import Compliance, RuleName, RuleRow
from likeness.contract.packshots import colour_of
from likeness.contract.presets import Rule
from likeness.imaging.compliance.facts import Facts
from likeness.imaging.packshot.cutout import Where

ASKED: Final = "asked"
"""The source of a rule that the request itself is."""
SHARP: Final = 0.2
"""Share of fine detail from which on a picture is in focus: 35 of 36 photos have it, 2 when blurred (sigma 2)."""
DETAILED: Final = 0.3
"""The same from which on one was not enlarged: 31 of 36 photos have it, 7 of them when enlarged twice."""
MOST_CLIPPED: Final = 0.25
"""Share of a product that may be pure white or pure black."""
TOLERANCE: Final = 0.01
"""Of an enlargement: rounding to whole px."""
BY_DETAIL: Final = "how far a file was enlarged is not in it: judged by the detail at its full size"
AI: Final = (
    "trainedAlgorithmicMedia",
    "compositeWithTrainedAlgorithmicMedia",
    "compositeSynthetic",
    "algorithmicMedia",
)
"""IPTC's digital source types of pictures that a model made or changed."""
OWN_TEXT: Final = 0.5
"""Share of a text that lies on the product, from which on it is taken for the product's own."""


@dataclass(frozen=True)
class Found:
    """What a rule asks, what was found, and whether it is met: None where it was not judged."""

    asked: str
    found: str | None
    ok: bool | None
    offending: Where | None = None
    note: str | None = None


def judged(facts: Facts, rules: Sequence[Rule], preset: str | None = None) -> Compliance:
    """Return a picture against the rules of a preset, or others."""
    return Compliance(preset=preset, rows=[row_of(rule, facts) for rule in rules])


def row_of(rule: Rule, facts: Facts) -> RuleRow:
    """Return the row of one rule."""
    found = RULES[rule.rule](rule, facts)
    count = None if found.offending is None else int(found.offending.sum())
    return RuleRow(
        rule=rule.rule,
        level=rule.level,
        source=None if rule.source == ASKED else rule.source,
        **(vars(found) | {"offending": count}),
    )


def offending(facts: Facts, rules: Sequence[Rule]) -> Where:
    """Return the pixels that break any of the rules, H x W."""
    wrong = np.zeros(facts.product.shape, bool)
    for rule in rules:
        found = RULES[rule.rule](rule, facts)
        if found.offending is not None and found.ok is False:
            wrong |= found.offending
    return wrong


def _bounds(rule: Rule, unit: str = "", share: bool = False) -> str:
    def told(value: float) -> str:
        return f"{value:.0%}" if share else f"{value:,g}".replace(",", " ") if value < 1e6 else f"{value / 1e6:g} M"

    said = [f"at least {told(rule.least)}" if rule.least is not None else ""]
    said.append(f"at most {told(rule.most)}" if rule.most is not None else "")
    return " and ".join(one for one in said if one) + unit


def _within(rule: Rule, value: float) -> bool:
    return (rule.least is None or value >= rule.least) and (rule.most is None or value <= rule.most)


def _number(unit: str, of: Callable[[Facts], float]) -> Callable[[Rule, Facts], Found]:
    def rule_of(rule: Rule, facts: Facts) -> Found:
        value = of(facts)
        return Found(_bounds(rule, unit), f"{value:g}{unit}", _within(rule, value))

    return rule_of


def _word(of: Callable[[Facts], str]) -> Callable[[Rule, Facts], Found]:
    def rule_of(rule: Rule, facts: Facts) -> Found:
        return Found(" or ".join(rule.one_of), of(facts), of(facts) in rule.one_of)

    return rule_of


def _share(of: Callable[[Facts], float]) -> Callable[[Rule, Facts], Found]:
    def rule_of(rule: Rule, facts: Facts) -> Found:
        if facts.box is None:
            return Found(_bounds(rule, share=True), None, False, note="no product was found")
        value = round(of(facts), 4)
        return Found(_bounds(rule, share=True), f"{value:.1%}", _within(rule, value))

    return rule_of


def _background(rule: Rule, facts: Facts) -> Found:
    allowed = rule.one_of or ["white"]
    colours = [(name, colour_of(name)) for name in allowed]
    tried = [facts.not_clear() if colour is None else facts.not_of(colour, rule.shadow) for _, colour in colours]
    wrong = min(tried, key=np.count_nonzero)
    judged, off = int(facts.background.sum()), int(wrong.sum())
    told = [name if colour is None else ", ".join(map(str, colour)) for name, colour in colours]
    asked = f"every pixel {' or '.join(told)}"
    if not judged:
        return Found(asked, None, None, note="the product leaves no background to judge")
    met = 1 - off / judged
    return Found(asked, "100%" if off == 0 else f"{min(met, 0.99999):.3%}", off == 0, wrong)


def _square(rule: Rule, facts: Facts) -> Found:
    return Found("1:1", f"{facts.width}x{facts.height} px", facts.width == facts.height)


def _whole(rule: Rule, facts: Facts) -> Found:
    sides = list(facts.cutout.cut_at if facts.cut_at is None else facts.cut_at)
    found = f"cut at the {' and the '.join(sides)}" if sides else "whole"
    if facts.box is None:
        return Found("the whole product", None, False, note="no product was found")
    return Found("the whole product", found, not sides)


def _products(rule: Rule, facts: Facts) -> Found:
    parts = facts.cutout.parts if facts.box else 0
    note = "pieces that do not touch; a pair counts as two" if parts > 1 else None
    return Found(_bounds(rule) or "any number", str(parts), parts >= 1 and _within(rule, parts), note=note)


def _border(rule: Rule, facts: Facts) -> Found:
    return Found("none", f"{facts.border} px" if facts.border else "none", facts.border == 0)


def _text(rule: Rule, facts: Facts) -> Found:
    if facts.texts is None:
        return Found("none beside the product", None, None, note=facts.no_texts)
    wrong, own, count = np.zeros(facts.product.shape, bool), 0, 0
    for box in facts.texts:
        place = slice(box.top, box.bottom), slice(box.left, box.right)
        if float((facts.product[place] > 127).mean()) > OWN_TEXT:
            own += 1
        else:
            wrong[place], count = True, count + 1
    note = f"{own} on the product itself, not judged" if own else None
    return Found("none beside the product", f"{count} found" if count else "none", count == 0, wrong, note)


def _sharpness(rule: Rule, facts: Facts) -> Found:
    least = rule.least if rule.least is not None else SHARP
    asked = f"fine detail at least {least:g} of all"
    if facts.sharpness is None:
        return Found(asked, None, None, note="the product is too plain or too small to tell")
    return Found(asked, f"{facts.sharpness:.2f}", facts.sharpness >= least)


def _exposure(rule: Rule, facts: Facts) -> Found:
    most = rule.most if rule.most is not None else MOST_CLIPPED
    return Found(f"at most {most:.0%} of the product clipped", f"{facts.clipped:.1%}", facts.clipped <= most)


def _enlargement(rule: Rule, facts: Facts) -> Found:
    most = rule.most if rule.most is not None else 1.0
    asked = f"at most {most:g} times"
    if facts.enlarged is not None:
        return Found(asked, f"{facts.enlarged:.2f} times", facts.enlarged <= most + TOLERANCE)
    if facts.detail is None:
        return Found(asked, None, None, note="the product is too plain or too small to tell")
    return Found(asked, f"fine detail {facts.detail:.2f}", facts.detail >= DETAILED, note=BY_DETAIL)


def _provenance(rule: Rule, facts: Facts) -> Found:
    asked, said = "says so where a model made it", facts.said or "nothing said"
    if facts.said in AI or facts.made_by_ai is False:
        return Found(asked, said, True)
    if facts.made_by_ai:
        return Found(asked, said, False)
    return Found(asked, said, None, note="whether a model made it cannot be told; say made_by_ai")


def _size(rule: Rule, facts: Facts) -> Found:
    found = f"{facts.width}x{facts.height}"
    return Found(" or ".join(rule.one_of), found, found in rule.one_of)


RULES: Final[dict[RuleName, Callable[[Rule, Facts], Found]]] = {
    "size": _size,
    "background": _background,
    "fill": _share(lambda facts: facts.fill),
    "margin": _share(lambda facts: facts.margin),
    "longest_side": _number(" px", lambda facts: max(facts.width, facts.height)),
    "shortest_side": _number(" px", lambda facts: min(facts.width, facts.height)),
    "square": _square,
    "pixels": _number(" pixels", lambda facts: facts.width * facts.height),
    "bytes": _number(" bytes", lambda facts: facts.size_in_bytes),
    "format": _word(lambda facts: facts.format),
    "mode": _word(lambda facts: facts.mode),
    "bit_depth": _number(" bits", lambda facts: facts.bit_depth),
    "profile": _word(lambda facts: facts.profile),
    "whole": _whole,
    "products": _products,
    "border": _border,
    "text": _text,
    "sharpness": _sharpness,
    "exposure": _exposure,
    "enlargement": _enlargement,
    "provenance": _provenance,
}
