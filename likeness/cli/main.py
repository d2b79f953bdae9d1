"""The `likeness` command.

Nothing heavy is imported before a command needs it; what goes wrong is told in a sentence and by the exit code.
"""

import json
import os
import signal
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from likeness import __version__
from likeness.cli import compare, generate, jobs, make, models, report
from likeness.cli.make import URL, AsJson, Key, Url
from likeness.contract.errors import LikenessError
from likeness.problems import LikenessProblem, LocalProblem, Problem

INTERRUPTED = 130
EXITS = (
    "Exit codes: 0 all is well; 1 something failed, was refused, or a picture was rejected; 2 the command cannot be "
    "understood, or report or inspect cannot read a file; 130 stopped by Ctrl-C. With --json, standard output is JSON "
    "and nothing else."
)
HIDDEN_HOSTS = ("127.0.0.1", "::1", "localhost")


class Telling(TyperGroup):
    """A group of commands that tells problems instead of showing where in the code they came up."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401  click's own signature
        """Run the chosen command."""
        try:
            return super().invoke(ctx)
        except (Problem, LikenessError) as problem:
            _fail(f"{problem}{_advice(problem)}")
        except BrokenPipeError:
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            typer.echo("likeness: stopped", err=True)
            raise typer.Exit(INTERRUPTED) from None


def _advice(problem: Exception) -> str:
    """Return what to do about a problem, where its text does not say it."""
    if isinstance(problem, LikenessProblem) and problem.code == "no_answer":
        return "\n`likeness up` starts the service on this machine; --url or LIKENESS_URL names another one"
    if isinstance(problem, LikenessProblem) and problem.status == 401:
        return "\n--key or LIKENESS_KEY gives the key; `likeness keys create NAME` makes one where the service runs"
    return ""


def _fail(text: str, code: int = 1) -> NoReturn:
    typer.echo(f"likeness: {text}", err=True)
    raise typer.Exit(code)


app = typer.Typer(
    cls=Telling,
    help="Recreate and customise product photos with their frame unchanged and every result measured.\n\n" + EXITS,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
keys = typer.Typer(help="The API keys of the service.", no_args_is_help=True)
app.add_typer(keys, name="keys")
app.add_typer(models.app, name="models")
app.add_typer(jobs.app, name="jobs")

Home = Annotated[Path, typer.Option(envvar="LIKENESS_HOME", help="Folder for the state of the one-machine stack.")]
HOME = Path(".likeness")


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        typer.echo(f"likeness {__version__}")
        raise typer.Exit


@app.command()
def up(
    host: Annotated[str, typer.Option(envvar="LIKENESS_HOST", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="LIKENESS_PORT", min=1, max=65535, help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(envvar="LIKENESS_WORKERS", min=1, max=64, help="How many workers.")] = 1,
    home: Home = HOME,
) -> None:
    """Run everything on this machine until Ctrl-C."""
    from rich.console import Console

    from likeness.cli.terminal import waiting
    from likeness.local.supervisor import Settings, Stack, signals_to

    _need("service", "worker")
    console = Console()
    settings = Settings(home, host, port, workers, os.environ.get("LIKENESS_REDIS_URL"))
    stack = Stack(settings, lambda text: console.print(text, markup=False, soft_wrap=True))
    with signals_to(stack), stack:
        with waiting(console, "starting Valkey, the service and the workers"):
            stack.wait_until_ready()
        if not stack.stopping:
            console.print(_banner(settings.url, host, home), markup=False, soft_wrap=True)
        stack.keep_running()
        console.print("stopping: running jobs are finished first; Ctrl-C again stops at once")


def _banner(url: str, host: str, home: Path) -> str:
    picture = next(iter(sorted(Path("examples").glob("*.jpg"))), Path("photo.jpg"))
    open_to_all = host in HIDDEN_HOSTS and not _keys_file(home).exists()
    key = "" if open_to_all else ' -H "Authorization: Bearer $LIKENESS_KEY"'
    return (
        f"Likeness is ready at {url}  (Ctrl-C stops it; logs in {home / 'logs'})\n\n"
        f"  open {url}\n"
        f"  curl{key} -H 'Prefer: wait=30' -F image=@{picture} {url}/recreate\n"
    )


@app.command()
def service() -> None:
    """Run the service alone, set by the LIKENESS_ variables."""
    _need("service")
    _become("service")


@app.command()
def worker() -> None:
    """Run one worker alone, set by the LIKENESS_ variables."""
    _need("worker")
    _become("worker")


@app.command()
def webhooks() -> None:
    """Deliver webhooks, set by the LIKENESS_ variables; any number of these may run."""
    _need("service")
    _become("service.webhooks")


def _become(module: str, *arguments: str) -> NoReturn:
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-P", "-m", module, *arguments])  # noqa: S606  our own module


def _need(*modules: str) -> None:
    """Raise LocalProblem when a part of Likeness is not installed."""
    missing = {"service": "fastapi", "worker": "torch"}
    for module in modules:
        if find_spec(module) is None or find_spec(missing[module]) is None:
            raise LocalProblem(f"the {module} is not installed here: pip install 'likeness[{module}]'")


@app.command()
def demo(
    examples: Annotated[Path, typer.Option(help="Folder with the pictures to work on.")] = Path("examples"),
    out: Annotated[Path, typer.Option(help="Folder for what is made.")] = Path("out"),
) -> None:
    """Recreate and customise the example pictures, end to end.

    Starts everything, shows how the pictures came back, and stops everything.
    """
    from rich.console import Console

    from likeness.cli.demo import run_demo

    _need("service", "worker")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that being told to stop cleans up as Ctrl-C does
    run_demo(examples, out, Console())


app.command()(make.recreate)
app.command()(make.customise)
app.command("customize", hidden=True)(make.customise)
app.command()(generate.generate)
app.command()(compare.compare)
app.command()(compare.reproduce)
app.command()(jobs.usage)
app.command()(report.report)
app.command()(report.inspect)


@app.command()
def engines(as_json: AsJson = False, url: Url = URL, key: Key = None) -> None:
    """List the engines of a running service."""
    from rich.console import Console

    from likeness.cli.terminal import engine_table
    from likeness.client import Client

    with Client(url, key) as client:
        found = client.engines()
    if as_json:
        typer.echo(json.dumps([engine.model_dump(mode="json") for engine in found], indent=2))
    else:
        Console().print(engine_table(found))


Scopes = Annotated[
    list[str] | None, typer.Option("--scope", help="jobs:read, jobs:write, metrics:read; may be repeated.")
]
Concurrency = Annotated[str | None, typer.Option(help="Most jobs of the key running at once, or none.")]
DailyQuota = Annotated[str | None, typer.Option(help="Most jobs accepted in a UTC day, or none.")]


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="Who the key is for.")],
    scope: Scopes = None,
    concurrency: Concurrency = None,
    daily_quota: DailyQuota = None,
    home: Home = HOME,
) -> None:
    """Make a key and print it; only its hash is kept, so it cannot be shown again."""
    _keys("create", name, *_limits(scope, concurrency, daily_quota), home=home)


@keys.command("limit")
def limit_key(
    name: Annotated[str, typer.Argument(help="Whose key.")],
    scope: Scopes = None,
    concurrency: Concurrency = None,
    daily_quota: DailyQuota = None,
    home: Home = HOME,
) -> None:
    """Change what a key may do; what is not named stays as it is."""
    _keys("limit", name, *_limits(scope, concurrency, daily_quota), home=home)


def _limits(scopes: list[str] | None, concurrency: str | None, daily_quota: str | None) -> list[str]:
    """Return the options as the service's own command takes them."""
    given = {"--concurrency": concurrency, "--daily-quota": daily_quota}
    bounds = [f"{option}={value}" for option, value in given.items() if value is not None]
    return [f"--scope={scope}" for scope in scopes or []] + bounds


@keys.command("list")
def list_keys(home: Home = HOME) -> None:
    """List the names of the keys, each with what bounds it."""
    _keys("list", home=home)


@keys.command("revoke")
def revoke_key(name: Annotated[str, typer.Argument(help="Whose key.")], home: Home = HOME) -> None:
    """Make a key worthless."""
    _keys("revoke", name, home=home)


@keys.command("webhook-secret")
def webhook_secret(
    name: Annotated[str | None, typer.Argument(help="Whose key; without one a new LIKENESS_WEBHOOK_SECRET.")] = None,
    rotate: Annotated[bool, typer.Option("--rotate", help="Add a new one; until the next option both sign.")] = False,
    drop_old: Annotated[bool, typer.Option("--drop-old", help="Keep only the newest.")] = False,
    home: Home = HOME,
) -> None:
    """Print the secret that the webhooks of a key are signed with; it is made when there is none."""
    options = ["--rotate"] * rotate + ["--drop-old"] * drop_old
    _keys(*([name] if name else []), *options, home=home, module="service.webhooks.secrets")


def _keys(*command: str, home: Path, module: str = "service.auth") -> None:
    """Hand over to the service's own command: it alone knows the file."""
    _need("service")
    _become(module, "--file", str(_keys_file(home)), *command)


def _keys_file(home: Path) -> Path:
    return Path(os.environ.get("LIKENESS_KEYS_FILE", home / "keys.json"))
