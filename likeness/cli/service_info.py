"""The commands that describe a running service: `likeness engines` and `likeness usage`."""

from typing import Annotated

import typer

from likeness.cli.options import URL, AsJson, Key, Url
from likeness.cli.results import print_models


def engines(as_json: AsJson = False, url: Url = URL, key: Key = None) -> None:
    """List the engines of a running service."""
    from rich.console import Console

    from likeness.cli.terminal import engine_table
    from likeness.client import Client

    with Client(url, key) as client:
        found = client.engines()
    if as_json:
        print_models(found)
    else:
        Console().print(engine_table(found))


def usage(
    days: Annotated[int, typer.Option(min=1, help="Number of UTC days, including today.")] = 1,
    as_json: AsJson = False,
    url: Url = URL,
    key: Key = None,
) -> None:
    """Show the usage of your key, and its limits."""
    from rich.console import Console

    from likeness.cli.job_tables import usage_table
    from likeness.client import Client

    with Client(url, key) as client:
        used = client.usage(days)
    if as_json:
        typer.echo(used.model_dump_json(indent=2))
        return
    quota, running = used.daily_quota, used.concurrency
    Console().print(usage_table(used))
    typer.echo(f"daily quota: {quota or 'none'}; maximum running jobs: {running or 'no limit'}")
