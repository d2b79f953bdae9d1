"""The quality report of an image as a page: one file that holds its images and its style, and runs nothing."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from html import escape
from typing import Final

from likeness.contract.compliance import Compliance, RuleRow
from likeness.contract.report import Figure, FrameRow, Report, Score, Verdict

STYLE: Final = """
:root { color-scheme: light dark; --paper: #f5f4f1; --card: #fff; --line: #dcdad3; --ink: #1b1a17; --muted: #5b5850;
  --good: #14653a; --good-soft: #e1f1e7; --bad: #a82217; --bad-soft: #fbe8e5; }
@media (prefers-color-scheme: dark) { :root { --paper: #121211; --card: #1b1b1a; --line: #363531; --ink: #f1efe9;
  --muted: #aeaa9f; --good: #86d5a4; --good-soft: #16301f; --bad: #ffa196; --bad-soft: #3b1c18; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 2rem 1rem; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif;
  font-variant-numeric: tabular-nums; }
main { max-width: 56rem; margin: 0 auto; background: var(--card); border: 1px solid var(--line); border-radius: 14px;
  overflow: hidden; }
header, section { padding: 1.25rem 1.5rem; }
header.accepted { background: var(--good-soft); }
header.rejected { background: var(--bad-soft); }
header.not_judged { background: var(--paper); }
h1 { margin: 0; font-size: 1.25rem; }
h2 { margin: 0 0 .5rem; font-size: .9375rem; }
.accepted h1, .yes { color: var(--good); }
.rejected h1, .no { color: var(--bad); }
ul { margin: .375rem 0 0; padding: 0; list-style: none; }
.images { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { margin: 0; flex: 1 1 16rem; }
img { display: block; max-width: 100%; height: auto; border: 1px solid var(--line); }
figcaption, .muted, th { color: var(--muted); }
figcaption, th { font-size: .8125rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3125rem .75rem .3125rem 0; font-weight: normal; }
tbody tr { border-top: 1px solid var(--line); }
tbody th { color: var(--ink); font-size: inherit; }
"""
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; img-src data:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of the page: its own style and the images in it, nothing else."""
MARKS: Final = {
    Verdict.ACCEPTED: "✓ Accepted",
    Verdict.REJECTED: "✗ Rejected",
    Verdict.NOT_JUDGED: "? Not judged",
}
UNITS: Final = {"ratio": "", "dE00": " ΔE00", "degrees": "°"}


def report_page(title: str, pictures: Sequence[tuple[str, bytes]], report: Report) -> str:
    """Return the page: `pictures` are names and JPEG bytes, shown in their order above the metrics and the frame."""
    changed = report.before or report
    edit = changed.edit
    parts = [
        _section("Pictures", f'<div class="images">{"".join(_figure(*each) for each in pictures)}</div>'),
        _section("Rules", _rules(report.compliance)) if report.compliance and report.compliance.rows else "",
        _section("The change", _list(_said_of_change(report))) if edit or changed.locked or report.locked else "",
        _section("What an editor looks for", _figures(changed.figures)) if changed.figures else "",
        _section("What was asked", _scores(edit.scores)) if edit and edit.scores else "",
        _section("Made against given", _scores(report.fidelity)),
        _section("Frame", _frame(report.frame)),
    ]
    mark = MARKS[report.verdict] + (", can be retouched" if report.retouchable else "")
    head = f'<header class="{report.verdict}"><h1>{mark}</h1>{_list(report.reasons)}</header>'
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f'<body><main>{head}{"".join(parts)}<section class="muted">{escape(title)}</section></main></body></html>'
    )


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _list(lines: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def _figure(name: str, data: bytes) -> str:
    source = f"data:image/jpeg;base64,{b64encode(data).decode()}"
    return f'<figure><img src="{source}" alt="{escape(name)}"><figcaption>{escape(name)}</figcaption></figure>'


def _said_of_change(report: Report) -> list[str]:
    changed = report.before or report
    edit, locked = changed.edit, changed.locked or report.locked
    lines = [f"asked: {edit.asked}: {'it happened' if edit.happened else 'it did not happen'}"] if edit else []
    if locked:
        lines.append(f"kept: {locked.area:.1%} of the image; largest change there: {locked.max_abs_diff}")
    return lines


def _rules(compliance: Compliance) -> str:
    marks = {True: '<span class="yes">✓ yes</span>', False: '<span class="no">✗ no</span>', None: "not judged"}
    rows = [
        (row.rule if row.level == "must" else f"{row.rule} (advised)", escape(row.asked), _found(row), marks[row.ok])
        for row in compliance.rows
    ]
    return _table(("rule", "asked", "found", "met"), rows)


def _found(row: RuleRow) -> str:
    pixels = f"{row.offending} pixels off" if row.offending else ""
    return escape("; ".join(one for one in (row.found, pixels, row.note) if one))


def _scores(scores: Sequence[Score]) -> str:
    return _table(("figure", "value", "better", "note"), [(score.name, *_told(score)) for score in scores])


def _figures(figures: Sequence[Figure]) -> str:
    """Return a table of the figures that the verdict is made of, with their limits."""
    marks = {True: '<span class="yes">✓ yes</span>', False: '<span class="no">✗ no</span>'}
    rows = [(one.name, _told(one)[0], _limit(one), marks[one.met], escape(one.misses)) for one in figures]
    return _table(("figure", "value", "limit", "met", "cannot see"), rows)


def _limit(figure: Figure) -> str:
    side = "at least" if figure.higher_is_better else "at most"
    return "none" if figure.limit is None else f"{side} {figure.limit:g}"


def _told(score: Score) -> tuple[str, str, str]:
    value = "not measured" if score.value is None else f"{score.value:.4g}{UNITS.get(score.unit, f' {score.unit}')}"
    return escape(value), "higher" if score.higher_is_better else "lower", escape(score.reason or "")


def _frame(rows: Sequence[FrameRow]) -> str:
    equal = {True: '<span class="yes">✓ yes</span>', False: '<span class="no">✗ no</span>'}
    told = [(row.name, _side(row.given), _side(row.made), equal[row.equal]) for row in rows]
    return _table(("property", "original", "result", "equal"), told)


def _side(value: str | float | None) -> str:
    return escape("none" if value is None else str(value))


def _table(columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a table whose first column is plain text; the other cells are markup already."""
    head = "".join(f'<th scope="col">{column}</th>' for column in columns)
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
        for name, *cells in rows
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
