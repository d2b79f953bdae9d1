"""The commands that start Likeness or a part of it: `up`, `service`, `worker`, `webhooks`, `feeder` and `demo`."""

import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from likeness.cli.keys import keys_file
from likeness.cli.options import HOME, OUT, Home, Out
from likeness.cli.processes import replace_process, require

LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


def up(
    host: Annotated[str, typer.Option(envvar="LIKENESS_HOST", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="LIKENESS_PORT", min=1, max=65535, help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(envvar="LIKENESS_WORKERS", min=1, max=64, help="Number of workers.")] = 1,
    home: Home = HOME,
) -> None:
    """Run everything on this machine until Ctrl-C."""
    from rich.console import Console

    from likeness.cli.progress import spinner
    from likeness.local.supervisor import Settings, Stack, signals_to

    require("service", "worker")
    console = Console()
    settings = Settings(home, host, port, workers, os.environ.get("LIKENESS_REDIS_URL"))
    stack = Stack(settings, lambda text: console.print(text, markup=False, soft_wrap=True))
    with signals_to(stack), stack:
        with spinner(console, "starting Valkey, the service and the workers"):
            stack.wait_until_ready()
        if not stack.stopping:
            console.print(_banner(settings.url, host, home), markup=False, soft_wrap=True)
        stack.keep_running()
        console.print("stopping after the running jobs; press Ctrl-C again to stop now")


def _banner(url: str, host: str, home: Path) -> str:
    picture = next(iter(sorted(Path("examples").glob("*.jpg"))), Path("photo.jpg"))
    needs_key = host not in LOOPBACK or keys_file(home).exists()
    key = ' -H "Authorization: Bearer $LIKENESS_KEY"' if needs_key else ""
    return (
        f"Likeness is ready at {url}  (Ctrl-C stops it; logs in {home / 'logs'})\n\n"
        f"  open {url}\n"
        f"  curl{key} -H 'Prefer: wait=30' -F image=@{picture} {url}/recreate\n"
    )


def service() -> None:
    """Run only the service, configured by LIKENESS_ variables."""
    require("service")
    replace_process("service")


def worker(
    gpus: Annotated[
        int | None, typer.Option(envvar="LIKENESS_GPUS", min=1, help="Number of GPUs to use; all that are visible.")
    ] = None,
) -> None:
    """Run a worker for each GPU, or one without, configured by LIKENESS_ variables."""
    from likeness.local.gpus import VISIBLE, GpuWorkers, chosen_gpus, visible_gpus, worker_of
    from likeness.local.supervisor import signals_to

    require("worker")
    chosen = chosen_gpus(visible_gpus(os.environ), gpus)
    if len(chosen) < 2:
        if chosen:
            os.environ[VISIBLE] = chosen[0]
        replace_process("worker")
    programs = [worker_of(number, chosen, os.environ) for number in range(len(chosen))]
    workers = GpuWorkers(programs, lambda text: print(text, file=sys.stderr, flush=True))
    with signals_to(workers):
        workers.run()


def webhooks() -> None:
    """Deliver webhooks, configured by LIKENESS_ variables; several can run side by side."""
    require("service")
    replace_process("service.webhooks")


def feeder() -> None:
    """Send the jobs of batches to the queue, configured by LIKENESS_ variables; of several one leads."""
    require("service")
    replace_process("service.feeder")


def demo(
    examples: Annotated[Path, typer.Option(help="Folder of the images to process.")] = Path("examples"),
    out: Out = OUT,
) -> None:
    """Recreate and edit the example images, end to end.

    Starts everything, shows the results, and stops everything.
    """
    from rich.console import Console

    from likeness.cli.demo import run_demo

    require("service", "worker")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that SIGTERM cleans up as Ctrl-C does
    run_demo(examples, out, Console())
