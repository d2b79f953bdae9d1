"""The comparison of studies: every recreate engine that is installed, on the same photos, in one process.

`python -m benchmarks.studies FOLDER [--out OUT] [--engine NAME ...] [--grid ENGINE:PARAMETER=VALUE,VALUE ...]` prints
a table of medians; OUT gets every figure as rows.csv and a contact sheet of each photo. An engine with a parameter
`layer` has a row for each layer. `--figures` also records the medians for `GET /engines` and docs/studies.md.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.recreation import photos_of
from benchmarks.studies.record import record
from benchmarks.studies.runs import Row, run
from benchmarks.studies.tables import printed, write
from benchmarks.studies.trials import Trial, grids_of, trials_of
from likeness.contract.catalogue import load_catalogue
from worker.config import Settings
from worker.metrics.installed import InstalledMetrics
from worker.observability.log_filters import keep_quiet
from worker.residency.engines import Residents

OUT = Path("out/studies")
WIDTH = 120
"""Characters in a line of the table where that is no terminal."""


def measure(trials: Sequence[Trial], photos: Sequence[Path], residents: Residents, settings: Settings) -> list[Row]:
    """Run every trial on every photo, with a progress bar."""
    metrics = InstalledMetrics(settings.models, residents.device)
    shown = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*shown) as progress:
        bar = progress.add_task("", total=len(trials) * len(photos))
        report = lambda name: progress.update(bar, description=name, advance=1)  # noqa: E731
        return list(run(trials, photos, residents, metrics, report))


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line and measure."""
    keep_quiet()
    args = _parser().parse_args(arguments)
    settings = Settings()
    catalogue, residents, photos = load_catalogue(settings.catalogue), Residents.of(settings), photos_of(args.folder)
    if not photos:
        _parser().error(f"{args.folder} holds no picture")
    installed = [spec.name for spec in catalogue.engines if residents.has(spec)]
    try:
        trials = trials_of(catalogue, installed, args.engine, grids_of(args.grid))
    except ValueError as error:
        _parser().error(str(error))
    rows = measure(trials, photos, residents, settings)
    Console(width=None if sys.stdout.isatty() else WIDTH).print(printed(rows))
    write(rows, photos, args.out)
    if args.figures:
        record(rows, args.photo or photos[0], residents, catalogue)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.studies",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=OUT, help=f"where figures and sheets go; {OUT} when not given")
    parser.add_argument("--engine", nargs="+", default=[], help="only these engines")
    parser.add_argument("--grid", nargs="+", default=[], help="values of parameters to try, every combination")
    parser.add_argument(
        "--figures", action="store_true", help="record the medians for GET /engines and docs/studies.md"
    )
    parser.add_argument("--photo", type=Path, help="one of FOLDER, whose sheet docs/studies.md shows; else the first")
    return parser


if __name__ == "__main__":
    main()
