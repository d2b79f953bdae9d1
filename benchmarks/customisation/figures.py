"""What a figure is, and how many make one."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

Option = TypeVar("Option")

NOTHING = "-"


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    what: str
    asked: str
    measured: str
    met: bool | None
    """None where nothing was asked for; where every run failed it is missed."""
    runs: str
    """How many runs it rests on, of how many that were asked for."""


def at_least(what: str, bound: float, values: Sequence[float], asked: int, unit: str = "") -> Figure:
    """Return the figure of a median that must not be lower than `bound`; `asked` runs should have given a value."""
    return _median(what, f">= {bound:g}{unit}", values, asked, unit, lambda median: median >= bound)


def at_most(what: str, bound: float, values: Sequence[float], asked: int, unit: str = "") -> Figure:
    """Return the figure of a median that must not be higher than `bound`."""
    return _median(what, f"<= {bound:g}{unit}", values, asked, unit, lambda median: median <= bound)


def share(what: str, bound: float, hits: Sequence[bool], asked: int) -> Figure:
    """Return the figure of a share of all runs asked for, at least `bound`; a run that failed is no hit."""
    if not asked:
        return Figure(what, f">= {bound:.0%}", NOTHING, None, "0")
    found = sum(hits) / asked
    return Figure(what, f">= {bound:.0%}", f"{found:.1%}", found >= bound, runs(hits, asked))


def every(what: str, hits: Sequence[bool], asked: int) -> Figure:
    """Return the figure of something that must hold in every run."""
    met = len(hits) == asked and all(hits) if asked else None
    return Figure(what, "all", f"{sum(hits)} of {asked}", met, runs(hits, asked))


def none_changed(what: str, differences: Sequence[int], asked: int) -> Figure:
    """Return the figure of a largest change that must be 0."""
    if not differences:
        return Figure(what, "0", NOTHING, unmet(asked), runs(differences, asked))
    return Figure(what, "0", str(max(differences)), max(differences) == 0, runs(differences, asked))


def unmet(asked: int) -> bool | None:
    """Return what a figure without a single value is: missed where runs were asked for, else not measured."""
    return False if asked else None


def runs(values: Sequence[object], asked: int) -> str:
    """Return how many runs gave a value, and of how many when some did not."""
    return str(asked) if len(values) == asked else f"{len(values)} of {asked}"


def spread(options: Sequence[Option], number: int, each: int) -> list[Option]:
    """Return `each` of the options for the photo of that number, so that all options come equally often."""
    return [options[(number * each + place) % len(options)] for place in range(min(each, len(options)))]


def _median(
    what: str, bound: str, values: Sequence[float], asked: int, unit: str, meets: Callable[[float], bool]
) -> Figure:
    if not values:
        return Figure(what, bound, NOTHING, unmet(asked), runs(values, asked))
    median = statistics.median(values)
    return Figure(what, bound, f"{median:.3g}{unit}", meets(median), runs(values, asked))
