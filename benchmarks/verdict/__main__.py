"""Prints how far limits agree with those who judged, by kind: `python -m benchmarks.verdict`.

First the limits that ship, on a third of the pictures that an editor judged, on the rest of them and on both halves of
our own photos; then, on all that the editor judged, limits that `likeness calibrate` fits to our own edits. The limits
that ship were chosen with the editor's judgements in view. An image that is not judged counts as not accepted.
"""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.verdict.figures import judged_table
from benchmarks.verdict.own import own_table
from likeness.contract.gates import GateKind, Gates
from likeness.imaging.assessment.calibration import Judged, Judgement, agreement, fitted


def main() -> None:
    """Print the tables."""
    third, rest = judged_table(fitting=True), judged_table(fitting=False)
    ours = Gates().with_overrides(fitted(own_table(), Gates()))
    console = Console()
    console.print(table_of("as shipped: a third of the pictures", third, Gates()))
    console.print(table_of("as shipped: the rest", rest, Gates()))
    console.print(table_of("as shipped: edits of our own, half of the photos", own_table(fitting=True), Gates()))
    console.print(table_of("as shipped: edits of our own, the rest", own_table(fitting=False), Gates()))
    console.print(table_of("fitted on our own: all of the editor's", [*third, *rest], ours))


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
