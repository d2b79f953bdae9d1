"""Prints how far limits agree with those who judged, by kind: `python -m benchmarks.verdict [--fit FILE]`.

The limits that ship, on what they were fitted to (edits of training photos, and a third of the pictures that an editor
judged), and on what they were not: the rest of the editor's, and our own judgements on the test photos. `--fit` writes
what `likeness calibrate` finds in the former. An image that is not judged counts as not accepted.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.verdict.figures import judged_table
from benchmarks.verdict.own import TESTED, TRAINED
from likeness.contract.gates import GateKind, Gates
from likeness.files.judgements import read_judgements
from likeness.imaging.assessment.calibration import Judged, Judgement, agreement, fitted


def main() -> None:
    """Print the tables, and write fitted limits where that is asked."""
    parser = argparse.ArgumentParser(description="Print how far limits agree with those who judged.")
    parser.add_argument("--fit", type=Path, help="where to write the limits that fit best")
    file = parser.parse_args().fit
    known = [*read_judgements(TRAINED), *judged_table(fitting=True)]
    console = Console()
    if file:
        file.write_text(json.dumps(fitted(known, Gates()), indent=2) + "\n", "utf-8")
    console.print(table_of("fitted to: edits of training photos, a third of the editor's", known, Gates()))
    console.print(table_of("the rest of the editor's", judged_table(fitting=False), Gates()))
    console.print(table_of("our own judgements on the test photos", read_judgements(TESTED), Gates()))


def table_of(title: str, judged: Sequence[Judged], gates: Gates) -> Table:
    """Return a row for each kind: how many of each judgement pass, and the share of P and N that is agreed on."""
    table = Table("kind", *(f"{judgement} passed" for judgement in Judgement), "agreed on P and N", title=title)
    for kind in GateKind:
        found = agreement((one for one in judged if one.kind is kind), gates)
        if any(found.judged.values()):
            passed = (f"{found.passed[one]} of {found.judged[one]}" for one in Judgement)
            table.add_row(kind, *passed, "-" if found.share is None else f"{found.share:.0%}")
    return table


if __name__ == "__main__":
    main()
