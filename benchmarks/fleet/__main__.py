"""Simulate the fleets: `python -m benchmarks.fleet [--workers N ...] [--rules NAME ...] [--plot FILE]`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import track

from benchmarks.fleet.assumptions import AS_BUILT, DAY, VARIANTS, Fleet, Rules, Traffic
from benchmarks.fleet.plot import draw
from benchmarks.fleet.simulation import Simulation
from benchmarks.fleet.summary import Row, markdown
from benchmarks.fleet.traffic import arrivals

SEED = 6
SIZES = (1, 10, 100, 1000)
SPANS = {1000: (19.5 * 3600, 20.5 * 3600)}
"""Times of day that are played where not the whole day is: of a thousand workers the busiest hour."""


def rows_of(workers: int, variants: Sequence[Rules] = VARIANTS) -> list[Row]:
    """Return a row for each variant of the rules, all with the same jobs."""
    fleet, (begin, end) = Fleet(workers), SPANS.get(workers, (0.0, DAY))
    rows = []
    for rules in variants:
        alone = workers == 1 and (rules.target or not rules.prefer)  # what says nothing of one worker
        if alone or (rules.split and workers < len(fleet.engines)):
            continue
        jobs = arrivals(fleet, Traffic(), begin, end, SEED)
        counts = Simulation(fleet, rules, jobs).run()
        rows.append(Row.of(workers, rules.name, jobs, counts))
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, and draw it when a file is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=SIZES)
    parser.add_argument("--rules", nargs="+", choices=[rules.name for rules in VARIANTS])
    parser.add_argument("--plot", type=Path, help="a PNG of the waits")
    asked = parser.parse_args(arguments)
    variants = [rules for rules in VARIANTS if not asked.rules or rules.name in {*asked.rules, AS_BUILT.name}]
    sizes = track(asked.workers, "simulating", console=Console(stderr=True), transient=True)
    rows = [row for workers in sizes for row in rows_of(workers, variants)]
    sys.stdout.write(markdown(rows) + "\n")
    if asked.plot:
        draw(rows).save(asked.plot)


if __name__ == "__main__":
    main()
