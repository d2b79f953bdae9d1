"""A marketplace's rules and what was found, as a table for the terminal and as a page."""

from base64 import b64encode
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Final

from rich.table import Table

from likeness.cli.many import Outcome
from likeness.contract.compliance import Compliance, RuleRow
from likeness.problems import writing

COLUMNS: Final = ("rule", "asked", "found", "ok")
MARKS: Final = {True: "yes", False: "no", None: "not judged"}
COLOURS: Final = {True: "green", False: "red", None: "yellow"}
STYLE: Final = """body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
img{max-width:100%;border:1px solid #ccc}table{border-collapse:collapse;width:100%;margin:1rem 0}
td,th{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #ddd}
.yes{color:#14653a}.no{color:#a82217}.unknown{color:#7a5c00}"""


def compliance_table(name: str, compliance: Compliance) -> Table:
    """Return the rules of a preset as a table: rule, asked, found, ok."""
    table = Table(*COLUMNS, title=f"{name}: {compliance.preset or 'as asked'}", title_justify="left")
    for row in compliance.rows:
        mark = f"[{COLOURS[row.ok]}]{MARKS[row.ok]}[/]"
        table.add_row(_named(row), row.asked, _found(row), mark)
    return table


def save_page(target: Path, outcomes: Sequence[Outcome]) -> None:
    """Write a page with every picture, its offending pixels marked, and its rules. Raises LocalProblem."""
    with writing(target):
        parts = [_part(outcome) for outcome in outcomes]
        head = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Compliance</title>'
        target.write_text(f"{head}<style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n", "utf-8")


def _part(outcome: Outcome) -> str:
    report = outcome.report
    if report is None or report.compliance is None or outcome.saved is None:
        return f"<h2>{escape(outcome.file.name)}</h2><p class=no>{escape('; '.join(outcome.faults))}</p>"
    picture = b64encode(outcome.saved.read_bytes()).decode()
    rows = "".join(_line(row) for row in report.compliance.rows)
    head = "".join(f"<th>{column}</th>" for column in COLUMNS)
    return (
        f"<h2>{escape(outcome.file.name)}: {report.verdict}</h2><p>{escape('; '.join(report.reasons))}</p>"
        f'<img src="data:image/png;base64,{picture}" alt="offending pixels in magenta">'
        f"<table><tr>{head}</tr>{rows}</table>"
    )


def _line(row: RuleRow) -> str:
    style = {True: "yes", False: "no", None: "unknown"}[row.ok]
    cells = (_named(row), row.asked, _found(row))
    told = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f'<tr>{told}<td class="{style}">{MARKS[row.ok]}</td></tr>'


def _named(row: RuleRow) -> str:
    return row.rule if row.level == "must" else f"{row.rule} (advised)"


def _found(row: RuleRow) -> str:
    pixels = f", {row.offending} pixels off" if row.offending else ""
    note = f" ({row.note})" if row.note else ""
    return f"{row.found or '-'}{pixels}{note}"
