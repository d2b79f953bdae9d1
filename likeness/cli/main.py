"""The `likeness` command: its groups and commands, and how it reports problems.

Nothing heavy is imported before a command needs it. A problem is reported as one sentence and an exit code.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, NoReturn

import typer
from typer.core import TyperGroup

from likeness import __version__
from likeness.cli import (
    batch,
    calibrate,
    compare,
    doctor,
    generate,
    jobs,
    keys,
    make,
    models,
    packshots,
    recipes,
    report,
    reviews,
    serve,
    service_info,
)
from likeness.contract.errors import LikenessError
from likeness.problems import LikenessProblem, Problem, SomeFailed

SOME_FAILED, INTERRUPTED = 2, 130
SUCCESS = 200
"""HTTP status of a job that is reported, however it ended."""
EXITS = (
    "Exit codes: 0 all succeeded, and no image was rejected; 1 nothing could be done, as without a service; 2 some "
    "jobs failed or images were rejected, or invalid usage, or report or inspect cannot read a file; 130 "
    "interrupted by Ctrl-C. With --json, standard output contains only JSON; for several jobs, a line as each ends."
)
COMMANDS: Final[Sequence[Callable[..., None]]] = (
    serve.up,
    serve.service,
    serve.worker,
    serve.webhooks,
    serve.feeder,
    serve.demo,
    make.recreate,
    make.customise,
    packshots.cutout,
    packshots.packshot,
    packshots.check,
    generate.generate,
    compare.compare,
    compare.reproduce,
    report.report,
    calibrate.calibrate,
    report.inspect,
    service_info.engines,
    service_info.usage,
    doctor.doctor,
)
"""In the order of the help."""


class ProblemReporter(TyperGroup):
    """A group of commands that reports problems as a sentence instead of a traceback."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401  click's own signature
        """Run the chosen command."""
        try:
            return super().invoke(ctx)
        except (Problem, LikenessError) as problem:
            _fail(f"{problem}{_advice(problem)}", _exit_code(problem))
        except BrokenPipeError:
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            _fail("stopped", INTERRUPTED)


def _exit_code(problem: Exception) -> int:
    """Return 2 where a job failed or was rejected, as the service reports with status 200; else 1."""
    failed = isinstance(problem, LikenessProblem) and problem.status == SUCCESS
    return SOME_FAILED if failed or isinstance(problem, SomeFailed) else 1


def _advice(problem: Exception) -> str:
    """Return what to do about a problem, if its own text does not say so."""
    if isinstance(problem, LikenessProblem) and problem.code == "no_answer":
        return "\nStart the service on this machine with `likeness up`, or name another one with --url or LIKENESS_URL"
    if isinstance(problem, LikenessProblem) and problem.status == 401:
        return (
            "\nPass an API key with --key or LIKENESS_KEY; "
            "`likeness keys create NAME` creates one on the machine of the service"
        )
    return ""


def _fail(text: str, code: int = 1) -> NoReturn:
    typer.echo(f"likeness: {text}", err=True)
    raise typer.Exit(code) from None


app = typer.Typer(
    cls=ProblemReporter,
    help="Recreate and edit product photos: the frame never changes, and every result is measured.\n\n" + EXITS,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        typer.echo(f"likeness {__version__}")
        raise typer.Exit


for command in COMMANDS:
    app.command()(command)
app.command("customize", hidden=True)(make.customise)
app.add_typer(keys.app, name="keys")
app.add_typer(models.app, name="models")
app.add_typer(jobs.app, name="jobs")
app.add_typer(batch.app, name="batch")
app.add_typer(recipes.app, name="recipes")
app.add_typer(reviews.app, name="reviews")
