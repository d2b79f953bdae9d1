"""The commands of `likeness keys`, which hand over to the service's own command: only the service knows the file."""

import os
from pathlib import Path
from typing import Annotated

import typer

from likeness.cli.options import HOME, URL, Home, Url
from likeness.cli.processes import replace_process, require
from likeness.local.valkey import Address
from likeness.problems import LocalProblem, Problem

app = typer.Typer(help="Manage the API keys of the service.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the key.")]
Scopes = Annotated[
    list[str] | None, typer.Option("--scope", help="jobs:read, jobs:write, review or metrics:read; can be repeated.")
]
Concurrency = Annotated[str | None, typer.Option(help="Maximum number of running jobs of the key, or none.")]
DailyQuota = Annotated[str | None, typer.Option(help="Maximum number of jobs accepted per UTC day, or none.")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Name of the key: who it is for.")],
    scope: Scopes = None,
    concurrency: Concurrency = None,
    daily_quota: DailyQuota = None,
    owner: Annotated[str | None, typer.Option(help="Name of the key whose jobs it shares; its limits hold.")] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask, also for the first key of a running service.")
    ] = False,
    home: Home = HOME,
    url: Url = URL,
) -> None:
    """Create a key and print it once; only its hash is stored.

    From the first one on, a service answers only calls with a key; where one answers without now, this asks before.
    """
    file = keys_file(home)
    if not (yes or file.exists()) and _answers_without_key(url):
        typer.echo(
            f"likeness: {url} answers calls without a key now. If it uses {file}, it will refuse them all from this "
            "first key on, also those of its console: callers then need the key, such as in LIKENESS_KEY.",
            err=True,
        )
        if not typer.confirm("Create the first key?", err=True):
            raise LocalProblem("no key was created")
    shared = [] if owner is None else [f"--owner={owner}"]
    _service_keys("create", name, *_limits(scope, concurrency, daily_quota), *shared, home=home)


@app.command()
def limit(
    name: Name,
    scope: Scopes = None,
    concurrency: Concurrency = None,
    daily_quota: DailyQuota = None,
    home: Home = HOME,
) -> None:
    """Change the scopes and limits of a key; options that are not given stay as they are."""
    _service_keys("limit", name, *_limits(scope, concurrency, daily_quota), home=home)


def _answers_without_key(url: str) -> bool:
    """Return whether a service answers there and asks for no key."""
    from likeness.client import Client, Retries

    try:
        with Client(url, timeout=2.0, retries=Retries(attempts=1)) as client:
            client.usage()
    except Problem:
        return False
    return True


def _limits(scopes: list[str] | None, concurrency: str | None, daily_quota: str | None) -> list[str]:
    """Return the options in the form that the service's own command takes."""
    given = {"--concurrency": concurrency, "--daily-quota": daily_quota}
    limits = [f"{option}={value}" for option, value in given.items() if value is not None]
    return [f"--scope={scope}" for scope in scopes or []] + limits


@app.command("list")
def list_keys(home: Home = HOME) -> None:
    """List the keys by name, with their scopes and limits."""
    _service_keys("list", home=home)


@app.command()
def revoke(
    name: Name,
    cancel: Annotated[bool, typer.Option("--cancel", help="Also cancel its jobs that wait or run.")] = False,
    home: Home = HOME,
) -> None:
    """Revoke a key."""
    embedded = home.resolve() / "run" / "valkey.sock"
    if cancel and embedded.exists():
        os.environ.setdefault("LIKENESS_REDIS_URL", Address(path=embedded).url)
    _service_keys("revoke", name, *["--cancel"] * cancel, home=home)


@app.command()
def webhook_secret(
    name: Annotated[str | None, typer.Argument(help="Name of the key; omit for a new LIKENESS_WEBHOOK_SECRET.")] = None,
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Add a new secret; both sign until the old one is dropped.")
    ] = False,
    drop_old: Annotated[bool, typer.Option("--drop-old", help="Keep only the newest secret.")] = False,
    home: Home = HOME,
) -> None:
    """Print the secret that signs the webhooks of a key; create it if there is none."""
    options = ["--rotate"] * rotate + ["--drop-old"] * drop_old
    _service_keys(*([name] if name else []), *options, home=home, module="service.webhooks.secrets")


def _service_keys(*command: str, home: Path, module: str = "service.auth") -> None:
    require("service")
    replace_process(module, "--file", str(keys_file(home)), *command)


def keys_file(home: Path) -> Path:
    """Return the path of the file of keys."""
    return Path(os.environ.get("LIKENESS_KEYS_FILE", home / "keys.json"))
