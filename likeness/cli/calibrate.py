"""The command that fits the verdict's limits to a shop's own judgements: `likeness calibrate`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from likeness.problems import writing

if TYPE_CHECKING:  # heavy: imported when the command runs
    from rich.table import Table

    from likeness.contract.gates import Gates
    from likeness.imaging.assessment.calibration import Judged

OUT = Path("thresholds.json")


def calibrate(
    judgements: Annotated[
        Path, typer.Argument(help="CSV with a judgement (P, R, N) and a report in each row.", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="File to write the limits to.")] = OUT,
) -> None:
    """Fit the limits of the verdict to judgements of your own and write them to a file.

    LIKENESS_THRESHOLDS of the worker names that file. A kind of image needs five judgements to publish and five not to.
    """
    from rich.console import Console

    from likeness.contract.gates import Gates
    from likeness.files.judgements import read_judgements
    from likeness.imaging.assessment.calibration import fitted

    judged = read_judgements(judgements)
    limits = fitted(judged, Gates())
    with writing(out):
        out.write_text(json.dumps(limits, indent=2) + "\n", "utf-8")
    console = Console()
    console.print(_agreements(judged, Gates().with_overrides(limits)))
    changed = sum(len(figures) for figures in limits.values())
    console.print(f"{changed} limits that differ from those that ship are in {out}", markup=False)


def _agreements(judged: "list[Judged]", now: "Gates") -> "Table":
    """Return a row for each kind: how many were judged, and the share of publish and never agreed on, then and now."""
    from rich.table import Column, Table

    from likeness.contract.gates import GateKind, Gates
    from likeness.imaging.assessment.calibration import Judgement, agreement

    table = Table("kind", *(Column(name, justify="right") for name in (*Judgement, "as shipped", "fitted")), box=None)
    for kind in GateKind:
        some = [one for one in judged if one.kind is kind]
        if some:
            before, after = agreement(some, Gates()), agreement(some, now)
            counts = (str(before.judged[judgement]) for judgement in Judgement)
            table.add_row(kind, *counts, _percent(before.share), _percent(after.share))
    return table


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"
