"""One caller, one picture at a time, on a worker with nothing else to do: `python -m benchmarks.single_call`.

POST with `Prefer: wait`, until the response tells the result. Own cost is that time less what the worker's own clock
says that the engine took of it: upload, storage, queue, decoding, frame, encoding, report and response.
"""

import argparse
import os
import statistics
from typing import Final, NamedTuple

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.device import moment
from benchmarks.service import photo, running
from likeness.local.valkey import free_port

ENGINES: Final = ("vae", "starter")  # the cheapest that ships, and the default
SIDE, ROUNDS, WARMING = 256, 40, 5  # px; calls, and calls before those that count


class Call(NamedTuple):
    """Milliseconds of one call: until the response, those of them that the engine took, and what the job says."""

    whole: float
    engine: float
    preparing: float
    report: float


def call(http: httpx.Client, port: int, engine: str, data: bytes) -> Call:
    """Make one picture, on a worker whose figures are at this port."""
    before = moment(port)
    answer = http.post("/recreate", files={"image": ("a.jpg", data)}, data={"engine": engine})
    answer.raise_for_status()
    timings = answer.json()["result"]["timings"]
    whole = answer.elapsed.total_seconds()
    engine_seconds = moment(port).busy - before.busy
    return Call(1000 * whole, 1000 * engine_seconds, 1000 * timings["preparing"], 1000 * timings["assessing"])


def calls(engine: str, side: int, rounds: int) -> list[Call]:
    """Return so many calls, one after the other, each with a picture of its own."""
    port = free_port()
    with (
        running(LIKENESS_POOLS='["starter", "retouch"]', LIKENESS_METRICS_PORT=str(port)) as url,
        httpx.Client(base_url=url, timeout=120, trust_env=False, headers={"Prefer": "wait=60"}) as http,
    ):
        return [call(http, port, engine, photo(side, seed=number)) for number in range(rounds + WARMING)][WARMING:]


def main() -> None:
    """Measure each engine and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=SIDE)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    args = parser.parse_args()
    table = Table("engine", "whole, ms", "engine", "own cost: median", "a tenth is below", "preparing", "report")
    for engine in ENGINES:
        found = calls(engine, args.side, args.rounds)
        own = [one.whole - one.engine for one in found]
        shown = [statistics.median(getattr(one, name) for one in found) for name in ("whole", "engine")]
        rest = [statistics.median(getattr(one, name) for one in found) for name in ("preparing", "report")]
        figures = [*shown, statistics.median(own), statistics.quantiles(own, n=10)[0], *rest]
        table.add_row(engine, *(f"{figure:.1f}" for figure in figures))
    Console(width=120).print(table, f"{args.side} x {args.side} px, load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
