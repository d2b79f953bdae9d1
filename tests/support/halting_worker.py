"""A worker that stops for ever at a place of its second run, to be killed there: `python -m ... PLACE FILE`.

When it stands there, it writes the file. All else is the real worker.
"""

import importlib
import itertools
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

PLACES = {
    "preparing": ("worker.runs.run", "prepared"),
    "generating": ("worker.runs.run", "made_at_working_size"),
    "measuring": ("worker.runs.run", "score"),
    "storing": ("worker.runs.results", "Results.stored"),
    "recording": ("worker.queue.recording", "RecordingWorker.record"),
}
"""Where it may stand: the module, and the name in it, of what is about to be called."""


def halting(act: Callable[..., Any], file: Path) -> Callable[..., Any]:
    """Return a function that does what `act` does, but never returns from its second call."""
    calls = itertools.count(1)

    def at_the_second(*args: Any, **named: Any) -> Any:
        if next(calls) == 2:
            file.touch()
            threading.Event().wait()
        return act(*args, **named)

    return at_the_second


def main() -> None:
    """Let the worker halt, and run it."""
    place, file = sys.argv[1], Path(sys.argv[2])
    module, name = PLACES[place]
    *owners, last = name.split(".")
    holder: Any = importlib.import_module(module)
    for owner in owners:
        holder = getattr(holder, owner)
    setattr(holder, last, halting(getattr(holder, last), file))
    importlib.import_module("worker.__main__").main()


if __name__ == "__main__":
    main()
