"""The one-machine stack as `likeness up` runs it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from likeness.local.supervisor import Settings, Stack


@contextmanager
def supervised(settings: Settings) -> Iterator[Stack]:
    """Run a stack that starts again whatever of it dies."""
    with Stack(settings, print) as stack:
        stack.wait_until_ready()
        keeping = threading.Thread(target=stack.keep_running, daemon=True)
        keeping.start()
        yield stack
        stack.ask_to_stop()
        keeping.join()
