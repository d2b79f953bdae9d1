"""Tables and reports that the `likeness` command prints."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from likeness.cli.many import Outcome, Size
from likeness.client.models import EngineInfo
from likeness.contract.jobs import ComparedRun, JobFailure, Reproduced, Sameness
from likeness.contract.merit import TEXTS, varied
from likeness.contract.report import Report, Score, Verdict
from likeness.imaging.assessment.frame_rows import COLUMNS, picture_rows

COLOURS = {Verdict.ACCEPTED: "green", Verdict.REJECTED: "red", Verdict.NOT_JUDGED: "yellow"}


def outcome_table(outcomes: Sequence[Outcome]) -> Table:
    """Return a row for each image: the sizes of original and result, metrics, verdict and seconds."""
    figures = [_right(name) for name in ("ssim", "psnr", "delta_e")]
    first, last = (Column("image", overflow="fold"), "original", "result"), ("verdict", _right("seconds"))
    table = Table(*first, *figures, *last, box=None, padding=(0, 1, 0, 0))  # fits 80 columns
    for outcome in outcomes:
        cells = (outcome.file.name, _size(outcome.given), _size(outcome.made))
        table.add_row(*map(escape, cells), *_figures(outcome.report), _verdict(outcome), f"{outcome.seconds:.2f}")
    return table


def comparison_table(runs: Sequence[ComparedRun]) -> Table:
    """Return a row for each run of a comparison, best first: engine, varied settings, metrics, verdict and seconds."""
    names = [name for name in varied(runs) if name not in TEXTS]
    figures = [_right(name) for name in ("ssim", "delta_e", "merit")]
    columns: list[Column | str] = [
        _right("rank"),
        _right("run"),
        "engine",
        *names,
        *figures,
        "verdict",
        _right("seconds"),
    ]
    table = Table(*columns, box=None, padding=(0, 1, 0, 0))
    for run in runs:
        values = [str(run.parameters.get(name, "")) for name in names]
        known = {score.name: score.value for score in run.figures}
        cells = [_rounded(known.get("ssim"), 3), _rounded(known.get("delta_e"), 2), _rounded(run.merit, 3)]
        verdict = f"[{COLOURS[run.verdict]}]{run.verdict}[/]" if run.verdict else f"[red]{_failed(run.error)}[/]"
        row = [str(run.rank or "-"), str(run.run), run.engine, *map(escape, values), *cells]
        table.add_row(*row, verdict, _rounded(run.seconds, 2))
    return table


def reproduction_table(images: Sequence[Reproduced]) -> Table:
    """Return a row for each reproduced image: how closely it matches, its metrics, and the reasons."""
    figures = ("ssim", "psnr")
    table = Table(_right("image"), "match", *map(_right, figures), "reasons", box=None, padding=(0, 1, 0, 0))
    for one in images:
        values = {score.name: score.value for score in one.figures}
        colour = "green" if one.sameness in (Sameness.BITWISE, Sameness.PERCEPTUAL) else "red"
        cells = [_rounded(values.get(name), 3) for name in figures]
        reasons = "; ".join(one.reasons) if one.sameness else _failed(one.error)
        table.add_row(str(one.original), f"[{colour}]{one.sameness or 'failed'}[/]", *cells, escape(reasons))
    return table


def _failed(error: JobFailure | None) -> str:
    return escape(f"{error.code}: {error.detail}") if error else "failed"


def _rounded(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def edit_table(outcomes: Sequence[Outcome], edits: Sequence[str]) -> Table:
    """Return a row for each edited image: the edit, both sizes, the verdict with its reasons, and seconds."""
    table = Table("image", "edit", "original", "result", "verdict", _right("seconds"), box=None, padding=(0, 1, 0, 0))
    for outcome, edit in zip(outcomes, edits, strict=True):
        why = f" {escape('; '.join(outcome.faults))}" if outcome.faults else ""
        cells = map(escape, (outcome.file.name, edit, _size(outcome.given), _size(outcome.made)))
        table.add_row(*cells, _verdict(outcome) + why, f"{outcome.seconds:.2f}")
    return table


def print_report(console: Console, report: Report) -> None:
    """Print both frames, the metrics and the verdict of a report."""
    console.print(
        _images_table(report),
        _frame_table(report),
        _fidelity_table(report),
        *([_figures_table(report)] if report.figures else []),
        *map(escape, edit_lines(report)),
        sep="\n",
    )
    mend = " (retouchable)" if report.retouchable else ""
    console.print(f"[{COLOURS[report.verdict]}]{report.verdict}{mend}[/]: {escape('; '.join(report.reasons))}")


def print_rows(console: Console, rows: Sequence[tuple[str, str]]) -> None:
    """Print pairs of a name and a text, with the text wrapped beside the name."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, text in rows:
        table.add_row(name, escape(text))
    console.print(table)


def edit_lines(report: Report) -> list[str]:
    """Return the lines of a report on the edit, the protected area and the drift."""
    lines = []
    if edit := report.edit:
        colour = f" ({edit.colour})" if edit.colour else ""
        lines.append(f"edit: {edit.asked}{colour}: {'applied' if edit.happened else 'not applied'}")
        measured = [f"{score.name} {_value(score)} {score.unit}" for score in edit.scores if score.value is not None]
        lines += [f"edit metrics: {', '.join(measured)}"] if measured else []
    if lock := report.locked:
        lines.append(f"protected area: {lock.area:.1%} of the image, largest change in it {lock.max_abs_diff}")
    if lay := report.registration:
        move = f"{lay.right:+z.2f} px to the right, {lay.down:+z.2f} px down, zoomed by {lay.scale:.4f}"
        lines.append(f"drift: {move}: {'corrected' if lay.undone else 'not corrected'}")
    return lines


def _images_table(report: Report) -> Table:
    table = Table(*COLUMNS, box=SIMPLE_HEAD, pad_edge=False)
    for row in picture_rows(report.frame):
        table.add_row(*map(escape, row))
    return table


def _frame_table(report: Report) -> Table:
    frame = Table("frame", "original", "result", "equal", box=SIMPLE_HEAD, pad_edge=False)
    for row in report.frame:
        equal = "[green]yes[/]" if row.equal else "[red]no[/]"
        sides = ("none" if side is None else str(side) for side in (row.given, row.made))
        frame.add_row(row.name, *map(escape, sides), equal)
    return frame


def _fidelity_table(report: Report) -> Table:
    fidelity = Table("metric", _right("value"), "unit", "better", "note", box=SIMPLE_HEAD, pad_edge=False)
    for score in report.fidelity:
        better = "higher" if score.higher_is_better else "lower"
        fidelity.add_row(score.name, _value(score), score.unit, better, escape(score.reason or ""))
    return fidelity


def _figures_table(report: Report) -> Table:
    table = Table("figure", _right("value"), "unit", "limit", "met", box=SIMPLE_HEAD, pad_edge=False)
    for figure in report.figures:
        side = "at least" if figure.higher_is_better else "at most"
        limit = "none" if figure.limit is None else f"{side} {figure.limit:g}"
        met = "[green]yes[/]" if figure.met else "[red]no[/]"
        table.add_row(figure.name, _value(figure), figure.unit, limit, met if figure.value is not None else "-")
    return table


def engine_table(engines: Sequence[EngineInfo]) -> Table:
    """Return a row for each engine, those that no worker can run last. Names are never shortened: people type them."""
    table = Table(Column("engine", no_wrap=True), "status", "edit types, summary and licence", box=SIMPLE_HEAD)
    for engine in sorted(engines, key=lambda each: not each.installed):
        about = f"[bold]{escape(_abilities(engine))}[/]\n{escape(engine.summary)}\n[dim]{escape(engine.licence)}[/]"
        table.add_row(engine.name, _status(engine), about)
    return table


def _status(engine: EngineInfo) -> str:
    if not engine.permitted:
        return "[dim]not for commerce[/]"
    if not engine.installed:
        return "[dim]not installed[/]"
    return "in memory" if engine.resident else "installed"


def _abilities(engine: EngineInfo) -> str:
    """Return the kinds of job that an engine runs, with its edit types in place of customise."""
    kinds = [kind for kind in engine.kinds if kind != "customise" or not engine.ways]
    return ", ".join([*kinds, *engine.ways])


def _right(name: str) -> Column:
    return Column(name, justify="right")


def _size(size: Size | None) -> str:
    return f"{size[0]}x{size[1]}" if size else "-"


def _figures(report: Report | None) -> list[str]:
    if report is None:
        return ["-", "-", "-"]
    formats = {"ssim": ".3f", "psnr": ".1f", "delta_e": ".2f"}
    values = {name: report.score(name) for name in formats}
    return ["-" if value is None else format(value, formats[name]) for name, value in values.items()]


def _verdict(outcome: Outcome) -> str:
    if outcome.report is None:
        return "[red]failed[/]"
    mend = " (retouchable)" if outcome.report.retouchable else ""
    return f"[{COLOURS[outcome.report.verdict]}]{outcome.report.verdict}[/]{mend}"


def _value(score: Score) -> str:
    return "-" if score.value is None else f"{score.value:.4g}"
