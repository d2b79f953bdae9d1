"""The commands of `likeness recipes`: save parts of calls under a name, for `--recipe`; list, show and delete them."""

import json
from typing import Annotated, Any

import typer

from likeness.cli.options import URL, AsJson, Key, Url
from likeness.cli.results import print_models
from likeness.cli.values import pairs

app = typer.Typer(help="Manage your saved recipes: fields of a call under a name, for --recipe.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the recipe.", show_default=False)]


@app.command()
def save(
    name: Name,
    kind: Annotated[str, typer.Argument(help="The call that it is for, such as customise.", show_default=False)],
    settings: Annotated[
        list[str], typer.Argument(help="FIELD=VALUE of the call; objects and lists as JSON.", show_default=False)
    ],
    url: Url = URL,
    key: Key = None,
) -> None:
    """Save fields of a call under a name, in the place of the recipe of that name."""
    from likeness.client import Client

    fields = {field: _value(text) for field, text in (pairs("a field", settings) or {}).items()}
    call: Any = kind
    with Client(url, key) as client:
        saved = client.save_recipe(name, call, **fields)
    typer.echo(f"{saved.name}: {saved.kind} {json.dumps(saved.fields)}")


@app.command("list")
def list_recipes(as_json: AsJson = False, url: Url = URL, key: Key = None) -> None:
    """List your saved recipes."""
    from likeness.client import Client

    with Client(url, key) as client:
        found = client.recipes()
    if as_json:
        print_models(found)
    else:
        typer.echo("\n".join(f"{one.name}: {one.kind} {json.dumps(one.fields)}" for one in found) or "no recipes")


@app.command()
def show(name: Name, url: Url = URL, key: Key = None) -> None:
    """Show a saved recipe as JSON."""
    from likeness.client import Client

    with Client(url, key) as client:
        typer.echo(client.recipe(name).model_dump_json(indent=2))


@app.command()
def delete(name: Name, url: Url = URL, key: Key = None) -> None:
    """Delete a saved recipe."""
    from likeness.client import Client

    with Client(url, key) as client:
        client.delete_recipe(name)
    typer.echo(f"{name}: deleted")


def _value(text: str) -> Any:  # noqa: ANN401  any JSON value
    """Return a value that is written as JSON; what is no JSON is a text."""
    try:
        return json.loads(text)
    except ValueError:
        return text
