"""Simulate the fleets: `python -m benchmarks.fleet [--workers N ...] [--rules NAME ...] [--load 0.8] [--plot FILE]`."""

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

from rich.console import Console
from rich.progress import track

from benchmarks.fleet.assumptions import DAY, Traffic
from benchmarks.fleet.plot import draw
from benchmarks.fleet.scenario import AS_BUILT, VARIANTS, Fleet, Rules
from benchmarks.fleet.simulation import Simulation
from benchmarks.fleet.summary import Row, markdown
from benchmarks.fleet.traffic import arrivals

SEED = 6
LOAD = Traffic().peak_load
SIZES = (1, 10, 100, 1000)
SPANS = {1000: (19.5 * 3600, 20.5 * 3600)}
"""Times of day that are played where not the whole day is: of a thousand workers the busiest hour."""


def row_of(workers: int, rules: Rules, load: float = LOAD) -> Row:
    """Return the row of one fleet under these rules; each fleet gets the same jobs whatever the rules."""
    fleet, (begin, end) = Fleet(workers), SPANS.get(workers, (0.0, DAY))
    jobs = arrivals(fleet, Traffic(peak_load=load), begin, end, SEED)
    return Row.of(workers, rules.name, jobs, Simulation(fleet, rules, jobs).run())


def says_something(workers: int, rules: Rules) -> bool:
    """Return whether these rules differ from those as built for a fleet of this size."""
    if workers == 1 and (rules.target or not rules.prefer):
        return False
    return not rules.split or workers >= len(Fleet(workers).engines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, and draw it when a file is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=SIZES)
    parser.add_argument("--rules", nargs="+", choices=[rules.name for rules in VARIANTS])
    parser.add_argument("--load", type=float, default=LOAD, help="work of the busiest hour against the fleet's")
    parser.add_argument("--plot", type=Path, help="a PNG of the waits")
    asked = parser.parse_args(arguments)
    wanted = [rules for rules in VARIANTS if not asked.rules or rules.name in {*asked.rules, AS_BUILT.name}]
    runs = [(workers, rules) for workers in asked.workers for rules in wanted if says_something(workers, rules)]
    with ProcessPoolExecutor() as processes:
        found = processes.map(row_of, *zip(*runs, strict=True), repeat(asked.load))
        shown = track(found, "simulating", len(runs), console=Console(stderr=True), transient=True)
        rows = list(shown)
    sys.stdout.write(markdown(rows) + "\n")
    if asked.plot:
        draw(rows).save(asked.plot)


if __name__ == "__main__":
    main()
