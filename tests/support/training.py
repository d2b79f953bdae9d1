"""Recipes as people run them: trained for a time, then resumed."""

import csv
from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


def resumed(recipe: Callable[[Namespace], Any], minutes: float, settings: Mapping[str, Any]) -> int:
    """Train for so many minutes, resume the run for as many; return the step at which it was resumed.

    `recipe` starts or resumes the run of its arguments: `settings`, and `minutes`.
    """
    first = recipe(Namespace(minutes=minutes, **settings))
    first.train()
    onward = recipe(Namespace(minutes=first.trainer.seconds / 60 + minutes, **settings))
    step = onward.trainer.step
    assert step == first.trainer.step > 0 and onward.trainer.seconds >= minutes * 60
    onward.train()
    assert onward.trainer.step > step
    return step


def logged_steps(folder: Path) -> list[int]:
    """Return the steps of a run's log.csv that has no names of columns, in the order of its rows."""
    return [int(row[0]) for row in csv.reader((folder / "log.csv").read_text().splitlines())]
