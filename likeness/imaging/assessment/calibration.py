"""Limits that agree with a person's judgements, and how far limits agree with them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from likeness.contract.gates import GateKind, Gates, Limit
from likeness.imaging.assessment.edit_figures import MEANINGS

LEAST = 5
"""Judgements of either side, publish and not, that a kind needs for its limits to be fitted."""
RETOUCH = 0.2
"""What accepting an image that needs a retoucher costs, where accepting one that is never published costs 1."""
GAIN = 0.08
"""What a limit must save to be moved: less is an image or two, and limits that follow those fit no others."""
ROUNDS = 3


class Judgement(StrEnum):
    """What a person says of an image."""

    PUBLISH = "P"
    """As it is."""
    RETOUCH = "R"
    """Once a retoucher has mended it."""
    NEVER = "N"
    """Not at all."""


@dataclass(frozen=True)
class Judged:
    """One image: its kind, its figures, and what a person said of it."""

    kind: GateKind
    figures: Mapping[str, float | None]
    judgement: Judgement


@dataclass(frozen=True)
class Agreement:
    """How many images of each judgement there were, and how many of them the limits let pass."""

    passed: Mapping[Judgement, int]
    judged: Mapping[Judgement, int]

    @property
    def share(self) -> float | None:
        """The share of publish and never on which limits and person agree; None where neither was said."""
        known = self.judged[Judgement.PUBLISH] + self.judged[Judgement.NEVER]
        right = self.passed[Judgement.PUBLISH] + self.judged[Judgement.NEVER] - self.passed[Judgement.NEVER]
        return right / known if known else None


def passes(figures: Mapping[str, float | None], limits: Mapping[str, Limit]) -> bool:
    """Return whether every figure that was measured meets its limit."""
    return all(
        value is None or (limit := limits.get(name)) is None or _meets(name, value, limit)
        for name, value in figures.items()
    )


def _meets(name: str, value: float, limit: float) -> bool:
    return value >= limit if MEANINGS[name].higher_is_better else value <= limit


def agreement(judged: Iterable[Judged], gates: Gates) -> Agreement:
    """Return how far limits agree with judgements."""
    passed, counts = dict.fromkeys(Judgement, 0), dict.fromkeys(Judgement, 0)
    for one in judged:
        counts[one.judgement] += 1
        passed[one.judgement] += passes(one.figures, gates.of(one.kind))
    return Agreement(passed, counts)


def fitted(judged: Sequence[Judged], start: Gates) -> dict[str, dict[str, Limit]]:
    """Return the limits, by kind and figure, that agree best with judgements, of those that differ from `start`.

    One limit after another is set between two images' figures so that least goes wrong: an image to publish that is
    rejected, one never to publish that is accepted, and a fifth as bad one to retouch that is accepted, each by its
    share. One that would save less than GAIN stays; among equals the nearest to `start` is taken. A kind with fewer
    than LEAST judgements on either side is left out.
    """
    found: dict[str, dict[str, Limit]] = {}
    for kind in GateKind:
        some = [one for one in judged if one.kind is kind]
        publish = sum(one.judgement is Judgement.PUBLISH for one in some)
        if min(publish, len(some) - publish) < LEAST:
            continue
        limits = _fitted_kind(some, start.of(kind))
        changed = {name: limit for name, limit in limits.items() if limit != start.of(kind)[name]}
        found |= {kind.value: changed} if changed else {}
    return found


def _fitted_kind(judged: Sequence[Judged], start: Mapping[str, Limit]) -> dict[str, Limit]:
    limits = dict(start)
    for _ in range(ROUNDS):
        before = dict(limits)
        for name, limit in start.items():
            if limit is not None:
                limits[name] = _best(name, judged, limits, limit)
        if limits == before:
            break
    return limits


def _best(name: str, judged: Sequence[Judged], limits: Mapping[str, Limit], start: float) -> float:
    """Return the limit of one figure that costs least while the others stay, the nearest to `start` among equals."""
    values = sorted({value for one in judged if (value := one.figures.get(name)) is not None})
    between = [round((low + high) / 2, 4) for low, high in pairwise(values)]
    least = min([0.0, *values]) if MEANINGS[name].higher_is_better else 0.0
    costs = {limit: round(_cost(judged, {**limits, name: limit}), 6) for limit in between if limit >= least}
    if min(costs.values(), default=1.0) > _cost(judged, {**limits, name: start}) - GAIN:
        return start
    return min(costs, key=lambda limit: (costs[limit], abs(limit - start)))


def _cost(judged: Sequence[Judged], limits: Mapping[str, Limit]) -> float:
    weights = {Judgement.PUBLISH: 1.0, Judgement.RETOUCH: RETOUCH, Judgement.NEVER: 1.0}
    cost = 0.0
    for judgement, weight in weights.items():
        some = [passes(one.figures, limits) for one in judged if one.judgement is judgement]
        wrong = some.count(judgement is not Judgement.PUBLISH)
        cost += weight * wrong / len(some) if some else 0.0
    return cost
