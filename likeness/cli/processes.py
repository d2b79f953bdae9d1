"""Start the other programs of Likeness from the command."""

import os
import sys
from importlib.util import find_spec
from typing import Final, NoReturn

from likeness.problems import LocalProblem

NEEDED: Final = {"service": "fastapi", "worker": "torch"}
"""A package that each optional part cannot do without."""


def replace_process(module: str, *arguments: str) -> NoReturn:
    """Run `python -m module` in place of this process."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-P", "-m", module, *arguments])  # noqa: S606  our own module


def require(*parts: str) -> None:
    """Raise LocalProblem if a part of Likeness is not installed."""
    for part in parts:
        if find_spec(part) is None or find_spec(NEEDED[part]) is None:
            raise LocalProblem(f"the {part} is not installed here: pip install 'likeness[{part}]'")
