"""The commands that measure and describe images: `likeness report` and `likeness inspect`."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from likeness.cli.options import URL, AsJson, File, Key, Url
from likeness.problems import LocalProblem

if TYPE_CHECKING:  # heavy: imported when a command runs
    from likeness.contract.report import Report

UNREADABLE: Final = 2
JOB_ID: Final = re.compile(r"[0-9a-f]{32}")


def report(
    given: Annotated[str, typer.Argument(help="The original, or the id of a job.", show_default=False)],
    made: Annotated[Path | None, typer.Argument(help="The result; omit it for a job.", show_default=False)] = None,
    as_json: AsJson = False,
    png: Annotated[Path | None, typer.Option(help="Also save the report as a PNG.")] = None,
    image: Annotated[int, typer.Option(min=0, help="Number of the image of the job; 0 is the best.")] = 0,
    url: Url = URL,
    key: Key = None,
) -> None:
    """Compare two images, or show the report of a job.

    Comparing two images needs no server. Exits 2 if one cannot be read.
    """
    if made is not None:
        _show(_compared(Path(given), made, png), as_json)
    elif JOB_ID.fullmatch(given):
        _show(_of_job(given, image, png, url, key), as_json)
    else:
        _unreadable(f"{given} is not the id of a job: give the id of a job, or two images")


def _compared(given: Path, made: Path, png: Path | None) -> "Report":
    from likeness.files.compare import compare_files

    try:
        compared = compare_files(given, made)
    except LocalProblem as problem:
        _unreadable(str(problem))
    if png:
        compared.draw(png)
    return compared.report


def _of_job(job: str, image: int, png: Path | None, url: str, key: str | None) -> "Report":
    from likeness.cli.results import write
    from likeness.client import Client

    with Client(url, key) as client:
        if png:
            write(png, client.report_card(job, image))
        return client.report(job, image)


def _show(report: "Report", as_json: bool) -> None:
    from rich.console import Console

    from likeness.cli.terminal import print_report

    if as_json:
        typer.echo(report.model_dump_json(indent=2))
    else:
        print_report(Console(), report)
        if report.compliance and report.compliance.rows:
            from likeness.cli.compliance import compliance_table

            Console().print(compliance_table("rules", report.compliance))


def inspect(
    file: File,
    as_json: AsJson = False,
) -> None:
    """Show the metadata of an image: its frame, how it was made, and whether it is signed.

    Needs no server. Exits 2 if the image cannot be read.
    """
    from rich.console import Console

    from likeness.cli.terminal import print_rows
    from likeness.files.inspection import inspect_file

    try:
        rows = inspect_file(file).rows()
    except LocalProblem as problem:
        _unreadable(str(problem))
    if as_json:
        typer.echo(json.dumps(dict(rows), indent=2, ensure_ascii=False))
    else:
        print_rows(Console(), rows)


def _unreadable(text: str) -> NoReturn:
    typer.echo(f"likeness: {text}", err=True)
    raise typer.Exit(UNREADABLE)
