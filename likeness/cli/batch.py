"""The commands of `likeness batch`: a whole catalogue by several recipes, which survives the night."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from likeness.cli.options import OUT, URL, AsJson, Key, Out, Url
from likeness.cli.results import print_models

if TYPE_CHECKING:  # heavy: imported when a command runs
    from rich.console import Console

    from likeness.client import Client, RemoteBatch

    Act = Callable[[Client, str], RemoteBatch]

SOME_FAILED: Final = 2
"""Exit code when jobs failed or were rejected."""

PATIENCE: Final = 14
"""Tries of each request: a service that is away for four minutes ends no run."""

app = typer.Typer(help="Make many items by several recipes.", no_args_is_help=True)

Batch = Annotated[str, typer.Argument(help="Id of a batch, or the folder of a run.", show_default=False)]
Moved = Callable[[str, int, int], None]


@app.command()
def run(
    plan: Annotated[
        Path, typer.Argument(help="CSV with the columns reference, image and values; or a folder.", show_default=False)
    ],
    recipes: Annotated[Path, typer.Option(help="TOML file of [[recipe]] tables.")] = Path("recipes.toml"),
    images: Annotated[
        Path | None, typer.Option(help="Folder of the images that the plan names; by default the plan's own.")
    ] = None,
    out: Out = OUT,
    numbered: Annotated[
        bool, typer.Option("--numbered", help="Number a reference that stands twice, and do not refuse it.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a line of JSON as each job ends.")] = False,
    url: Url = URL,
    key: Key = None,
) -> None:
    """Make every item of a plan by every recipe; the same command again goes on where it stopped.

    Results and manifest.jsonl are written to --out as they come, rejected ones to its folder `rejected`. Exits 2 if
    some failed or were rejected.
    """
    import json

    from rich.console import Console

    from likeness.cli.batch_plan import read_plan
    from likeness.cli.batch_run import Run
    from likeness.cli.batch_state import Folder
    from likeness.client import Client, Retries

    console = Console(stderr=as_json)
    wanted = read_plan(plan, recipes, images, numbered)
    patient = Retries(attempts=PATIENCE)
    with Client(url, key, retries=patient) as client, _bar(console) as moved:
        work = Run(client, Folder.open(out), wanted, lambda text: console.print(text, markup=False, soft_wrap=True))
        work.moved = moved
        if as_json:
            work.made = lambda line: typer.echo(json.dumps(line, ensure_ascii=False))
        lines = work.run()
    bad = [line for line in lines if line["status"] != "succeeded" or line.get("verdict") == "rejected"]
    for line in bad[:20]:
        why = line.get("error", {}).get("detail") or "; ".join(line.get("reasons", [])) or line["status"]
        console.print(f"{line['reference']} {line['recipe']}: {why}", markup=False, soft_wrap=True)
    console.print(
        f"{len(lines)} jobs, of which {len(bad)} failed or were rejected; results are in {out}/", markup=False
    )
    if bad:
        raise typer.Exit(SOME_FAILED)


ACTS: "Final[dict[str, tuple[str, Act]]]" = {
    "status": ("Show how a batch stands.", lambda client, one: client.batch(one)),
    "pause": ("Send no more jobs of a batch to the queue.", lambda client, one: client.pause_batch(one)),
    "resume": ("Go on with a batch that was paused.", lambda client, one: client.resume_batch(one)),
    "cancel": (
        "Cancel what has not ended of a batch; its results are kept.",
        lambda client, one: client.cancel_batch(one),
    ),
}
"""Commands that do one thing to a batch and show how it stands: what each is for, and the call."""


def _command(act: "Act") -> Callable[..., None]:
    def command(batch: Batch, as_json: AsJson = False, url: Url = URL, key: Key = None) -> None:
        _each(batch, act, as_json, url, key)

    return command


for name, (told, act) in ACTS.items():
    app.command(name, help=told)(_command(act))


@app.command()
def retry(
    batch: Batch,
    what: Annotated[str, typer.Option(help="failed, rejected, cancelled or all.")] = "failed",
    recipe: Annotated[str | None, typer.Option(help="Only jobs of this recipe.")] = None,
    as_json: AsJson = False,
    url: Url = URL,
    key: Key = None,
) -> None:
    """Make jobs of a batch again; the same `likeness batch run` then fetches them."""
    from likeness.contract.batches import RETRIED

    if what not in RETRIED:
        raise typer.BadParameter(f"{what} is not one of {', '.join(RETRIED)}", param_hint="--what")
    _each(batch, lambda client, one: client.retry_batch(one, what, recipe), as_json, url, key)


@app.command()
def manifest(
    batch: Batch,
    target: Annotated[Path, typer.Option("--out", "-o", help="File, .jsonl or .csv.")] = Path("manifest.jsonl"),
    url: Url = URL,
    key: Key = None,
) -> None:
    """Save how every job of a batch stands, as JSONL, or as CSV."""
    from likeness.client import Client

    with Client(url, key) as client:
        for one in _ids(batch):
            client.save_manifest(one, target, "csv" if target.suffix.lower() == ".csv" else "jsonl")
            typer.echo(str(target))


def _ids(batch: str) -> list[str]:
    """Return the ids that an argument means."""
    from likeness.cli.batch_state import STATE, Folder

    if (Path(batch) / STATE).exists():
        return [posted.batch for posted in Folder.open(Path(batch)).posted]
    return [batch]


def _each(batch: str, call: "Act", as_json: bool, url: str, key: str | None) -> None:
    from likeness.client import Client

    with Client(url, key) as client:
        found = [call(client, one) for one in _ids(batch)]
    if as_json:
        print_models(found)
    else:
        typer.echo("\n".join(_told(one) for one in found))


def _told(batch: "RemoteBatch") -> str:
    counts = batch.counts
    left = "" if batch.seconds_left in (None, 0) else f", about {batch.seconds_left:.0f} s left"
    made = f"{counts.accepted} accepted, {counts.rejected} rejected, {counts.not_judged} not judged"
    other = f"{counts.failed} failed, {counts.cancelled} cancelled, {counts.queued} queued, {counts.waiting} waiting"
    return f"{batch.id}: {batch.state}, {counts.ended} of {counts.total}: {made}, {other}{left}"


@contextmanager
def _bar(console: "Console") -> Iterator[Moved]:
    """Show a bar that says how far it is; give the block what moves it."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("starting", total=None)

        def moved(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        yield moved
