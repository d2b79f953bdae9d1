"""Prints how far the limits that ship agree with people, by kind: `python -m benchmarks.verdict`.

Of the pictures that limits were fitted on and of the others, apart; an image that is not judged counts as not accepted.
"""

from rich.console import Console
from rich.table import Table

from benchmarks.verdict.figures import judged_table
from likeness.contract.gates import GateKind, Gates
from likeness.imaging.assessment.calibration import Judgement, agreement


def main() -> None:
    """Print a table for each half."""
    for title, fitting in (("fitted on", True), ("held out", False)):
        table = Table("kind", *(f"{judgement} passed" for judgement in Judgement), "agreed on P and N", title=title)
        judged = judged_table(fitting)
        for kind in GateKind:
            found = agreement((one for one in judged if one.kind is kind), Gates())
            if any(found.judged.values()):
                passed = (f"{found.passed[one]} of {found.judged[one]}" for one in Judgement)
                table.add_row(kind, *passed, "-" if found.share is None else f"{found.share:.0%}")
        Console().print(table)


if __name__ == "__main__":
    main()
