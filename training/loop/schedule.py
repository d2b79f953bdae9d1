"""Learning rates: each rises over the first steps and falls with the share of the running time that is spent."""

import math
from collections.abc import Callable

Schedule = Callable[[int, float], float]
"""From the step (0 at first) and the share of the running time that is spent (0..1) to the learning rate."""


def quarter_cosine(highest: float, warm_up: int, least: float) -> Schedule:
    """Return a schedule that rises for `warm_up` steps and falls ever faster, to `least`, a share of the highest."""
    return lambda step, done: (
        highest * min(1.0, (step + 1) / warm_up) * (least + (1 - least) * math.cos(math.pi / 2 * done))
    )


def half_cosine(highest: float, warm_up: int, least: float) -> Schedule:
    """Return a schedule that rises for `warm_up` steps and falls, flat at both ends, to `least` of the highest."""
    return lambda step, done: (
        highest * min(1.0, (step + 1) / warm_up) * (least + (1 - least) * 0.5 * (1 + math.cos(math.pi * done)))
    )
