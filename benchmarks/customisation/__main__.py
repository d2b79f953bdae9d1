"""Customisation quality: every figure that the shipped engines are asked for, on photos with masks.

`python -m benchmarks.customisation FOLDER [--sheet sheet.png] [--photos N] [--only NAME ...] [--every] [--found]`
prints a table. FOLDER holds `<name>.jpg` with `<name>.mask.png` beside it: white where the product is.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.customisation import backgrounds, colours, engines, grid, guides, kinds
from benchmarks.customisation.figures import Figure
from benchmarks.customisation.workbench import Photo, Workbench, photos_of

GROUPS: dict[str, Callable[[Workbench, Sequence[Photo]], Iterable[Figure]]] = {
    "kinds": kinds.by_kind,
    "large": kinds.large,
    "colours": colours.named,
    "tones": colours.tones,
    "masked": colours.masked,
    "backgrounds": backgrounds.asked,
    "lock": backgrounds.locked,
    "colourways": colours.colourways,
    "texts": guides.texts,
    "control": guides.controlled,
    "recreate": engines.recreated,
    "batches": engines.batched,
    "seconds": engines.timed,
}
"""The figures' makers, by the names that --only takes."""
MET = {True: "yes", False: "NO", None: "-"}


def measure(
    photos: Sequence[Photo], names: Sequence[str] = tuple(GROUPS), sheet: Path | None = None, thorough: bool = False
) -> None:
    """Make the figures of these groups, print each at once and all as a table; draw a sheet when a path is given."""
    bench, console = Workbench(thorough), Console()
    table = Table("what", "asked", "measured", "met", "runs")
    for name in names:
        for figure in GROUPS[name](bench, photos):
            console.print(f"{figure.what.strip()}: {figure.measured}", markup=False)
            table.add_row(figure.what, figure.asked, escape(figure.measured), MET[figure.met], figure.runs)
        table.add_section()
    if sheet is not None:
        grid.draw(bench, photos).save(sheet)
    console.print(table)
    for reason, times in bench.failures.items():
        console.print(f"failed {times} times: {reason}", markup=False)


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.customisation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sheet", type=Path, help="draw a contact sheet here")
    parser.add_argument("--photos", type=int, help="only the first so many")
    parser.add_argument("--only", nargs="+", choices=GROUPS, default=tuple(GROUPS), help="only these groups of figures")
    parser.add_argument("--every", action="store_true", help="every edit on every photo, not some on each")
    parser.add_argument("--found", action="store_true", help="find the product of photos without a mask, not skip them")
    args = parser.parse_args()
    photos = photos_of(args.folder, args.photos, found=args.found)
    if not photos:
        sys.exit(f"{args.folder} holds no photo with a mask beside it")
    measure(photos, args.only, args.sheet, args.every)


if __name__ == "__main__":
    main()
