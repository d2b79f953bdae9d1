"""What the `likeness` command shows: progress bars and tables."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Column, Table

from likeness.cli.many import Made, Making, Size, Wish
from likeness.client import Client
from likeness.client.models import EngineInfo, RemoteJob
from likeness.contract.jobs import ComparedRun, JobFailure, Reproduced, Sameness
from likeness.contract.merit import TEXTS, varied
from likeness.contract.report import Report, Score, Verdict
from likeness.imaging.assessment.frame_rows import COLUMNS, picture_rows

COLOURS = {Verdict.ACCEPTED: "green", Verdict.REJECTED: "red"}


def make_watched(making: Making, wishes: Sequence[Wish], console: Console) -> list[Made]:
    """Run `making` over `wishes` under a progress bar and return what became of each."""
    with _bar(console) as progress:
        task = progress.add_task("handing in", total=len(wishes))
        done: list[Made] = []

        def watch(file: Path, job: RemoteJob) -> None:
            progress.update(task, description=escape(f"{file.name}  {_stage(job)}"), completed=len(done) + _share(job))

        making.watch = watch
        for outcome in making.run(wishes):
            done.append(outcome)
            progress.update(task, completed=len(done))
        progress.update(task, description="done")
    return done


def wait_watched(client: Client, job: RemoteJob, console: Console, timeout: float) -> RemoteJob:
    """Wait until a job has succeeded, for at most `timeout` seconds, under a progress bar. Raises LikenessProblem."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(escape(job.status.value), total=1.0)

        def watch(current: RemoteJob) -> None:
            progress.update(task, description=escape(_stage(current)), completed=_share(current))

        ended = client.wait(job, watch, timeout)
        progress.update(task, description="done", completed=1.0)
    return ended


@contextmanager
def waiting(console: Console, text: str) -> Iterator[None]:
    """Show that something is under way whose length is not known."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        progress.add_task(escape(text), total=None)
        yield


def outcome_table(outcomes: Sequence[Made]) -> Table:
    """Return a row for each picture: its sizes, figures, verdict and seconds."""
    figures = [_right(name) for name in ("ssim", "psnr", "delta_e")]
    first, last = (Column("picture", overflow="fold"), "size in", "size out"), ("verdict", _right("seconds"))
    table = Table(*first, *figures, *last, box=None, padding=(0, 1, 0, 0))  # 80 columns have to do
    for outcome in outcomes:
        cells = (outcome.file.name, _size(outcome.given), _size(outcome.made))
        table.add_row(*map(escape, cells), *_figures(outcome.report), _verdict(outcome), f"{outcome.seconds:.2f}")
    return table


def comparison_table(runs: Sequence[ComparedRun]) -> Table:
    """Return a row for each run of a comparison, best first: engine, what differs, figures, verdict and seconds."""
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
    """Return a row for each image that was to be made again: how near it came, its figures, and what is known."""
    figures = ("ssim", "psnr")
    table = Table(_right("image"), "came back", *map(_right, figures), "what is known", box=None, padding=(0, 1, 0, 0))
    for one in images:
        values = {score.name: score.value for score in one.figures}
        colour = "green" if one.sameness in (Sameness.BITWISE, Sameness.PERCEPTUAL) else "red"
        cells = [_rounded(values.get(name), 3) for name in figures]
        said = "; ".join(one.reasons) if one.sameness else _failed(one.error)
        table.add_row(str(one.original), f"[{colour}]{one.sameness or 'failed'}[/]", *cells, escape(said))
    return table


def _failed(error: JobFailure | None) -> str:
    return escape(f"{error.code}: {error.detail}") if error else "failed"


def _rounded(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def edit_table(outcomes: Sequence[Made], asked: Sequence[str]) -> Table:
    """Return a row for each customised picture: what was asked, its sizes, the verdict with why not, and seconds."""
    table = Table(
        "picture", "asked", "size in", "size out", "verdict", _right("seconds"), box=None, padding=(0, 1, 0, 0)
    )
    for outcome, wish in zip(outcomes, asked, strict=True):
        why = f" {escape('; '.join(outcome.faults))}" if outcome.faults else ""
        cells = map(escape, (outcome.file.name, wish, _size(outcome.given), _size(outcome.made)))
        table.add_row(*cells, _verdict(outcome) + why, f"{outcome.seconds:.2f}")
    return table


def print_report(console: Console, report: Report) -> None:
    """Print both pictures' frames, the figures and the verdict of one report."""
    console.print(
        _pictures_table(report),
        _frame_table(report),
        _fidelity_table(report),
        *map(escape, edit_lines(report)),
        sep="\n",
    )
    console.print(f"[{COLOURS[report.verdict]}]{report.verdict}[/]: {escape('; '.join(report.reasons))}")


def print_rows(console: Console, rows: Sequence[tuple[str, str]]) -> None:
    """Print names and what is told under each, wrapped beside the names."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, told in rows:
        table.add_row(name, escape(told))
    console.print(table)


def edit_lines(report: Report) -> list[str]:
    """Return what a report says of the edit that was asked, what was kept and how it drifted, in plain lines."""
    lines = []
    if edit := report.edit:
        colour = f" ({edit.colour})" if edit.colour else ""
        lines.append(f"edit: {edit.asked}{colour}: {'happened' if edit.happened else 'did not happen'}")
        measured = [f"{score.name} {_value(score)} {score.unit}" for score in edit.scores if score.value is not None]
        lines += [f"edit figures: {', '.join(measured)}"] if measured else []
    if lock := report.locked:
        lines.append(f"locked: {lock.area:.1%} of the picture, largest change there {lock.max_abs_diff}")
    if lay := report.registration:
        move = f"{lay.right:+z.2f} px to the right, {lay.down:+z.2f} px down, zoomed by {lay.scale:.4f}"
        lines.append(f"drift: {move}: {'undone' if lay.undone else 'left as it is'}")
    return lines


def _pictures_table(report: Report) -> Table:
    table = Table(*COLUMNS, box=SIMPLE_HEAD, pad_edge=False)
    for row in picture_rows(report.frame):
        table.add_row(*map(escape, row))
    return table


def _frame_table(report: Report) -> Table:
    frame = Table("frame", "given", "made", "equal", box=SIMPLE_HEAD, pad_edge=False)
    for row in report.frame:
        equal = "[green]yes[/]" if row.equal else "[red]no[/]"
        sides = ("none" if side is None else str(side) for side in (row.given, row.made))
        frame.add_row(row.name, *map(escape, sides), equal)
    return frame


def _fidelity_table(report: Report) -> Table:
    fidelity = Table("figure", _right("value"), "unit", "better", "note", box=SIMPLE_HEAD, pad_edge=False)
    for score in report.fidelity:
        better = "higher" if score.higher_is_better else "lower"
        fidelity.add_row(score.name, _value(score), score.unit, better, escape(score.reason or ""))
    return fidelity


def engine_table(engines: Sequence[EngineInfo]) -> Table:
    """Return a row for each engine, those that no worker can run last; its name is never cut, as it is to be typed."""
    table = Table(Column("engine", no_wrap=True), "it is", "what it does, by which licence", box=SIMPLE_HEAD)
    for engine in sorted(engines, key=lambda each: not each.installed):
        does = f"[bold]{escape(_does(engine))}[/]\n{escape(engine.summary)}\n[dim]{escape(engine.licence)}[/]"
        table.add_row(engine.name, _standing(engine), does)
    return table


def _standing(engine: EngineInfo) -> str:
    if not engine.installed:
        return "[dim]not installed[/]"
    return "in memory" if engine.resident else "installed"


def _does(engine: EngineInfo) -> str:
    """Return what an engine does: its kinds of job, customising by its ways."""
    kinds = [kind for kind in engine.kinds if kind != "customise" or not engine.ways]
    return ", ".join([*kinds, *engine.ways])


def _bar(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)


def _right(name: str) -> Column:
    return Column(name, justify="right")


def _stage(job: RemoteJob) -> str:
    if job.progress is None:
        return job.status.value
    run = f"  run {job.progress.run}/{job.progress.runs}" if job.progress.runs else ""
    return f"{job.progress.stage} {job.progress.step}/{job.progress.steps}{run}"


def _share(job: RemoteJob) -> float:
    """Return how much of a job is done, 0..1."""
    if job.progress is None:
        return 0.0
    done = min(1.0, job.progress.step / job.progress.steps) if job.progress.steps else 0.0
    return ((job.progress.run or 1) - 1 + done) / (job.progress.runs or 1)


def _size(size: Size | None) -> str:
    return f"{size[0]}x{size[1]}" if size else "-"


def _figures(report: Report | None) -> list[str]:
    if report is None:
        return ["-", "-", "-"]
    formats = {"ssim": ".3f", "psnr": ".1f", "delta_e": ".2f"}
    values = {name: report.score(name) for name in formats}
    return ["-" if value is None else format(value, formats[name]) for name, value in values.items()]


def _verdict(outcome: Made) -> str:
    if outcome.report is None:
        return "[red]failed[/]"
    return f"[{COLOURS[outcome.report.verdict]}]{outcome.report.verdict}[/]"


def _value(score: Score) -> str:
    return "-" if score.value is None else f"{score.value:.4g}"
