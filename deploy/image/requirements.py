"""Print what extras of this project need, one requirement a line: `python requirements.py EXTRA...`.

It is installed before the code is copied, so that a change of the code alone builds an image in seconds.
"""

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

OWN = re.compile(r"likeness\[(.+)\]")


def needed(project: dict[str, Any], extras: list[str]) -> list[str]:
    """Return the requirements of a [project] table and of some of its extras, those that extras name included."""
    found, wanted = set(project["dependencies"]), list(extras)
    while wanted:
        for one in project["optional-dependencies"][wanted.pop()]:
            if within := OWN.fullmatch(one):
                wanted.extend(within[1].split(","))
            else:
                found.add(one)
    return sorted(found)


if __name__ == "__main__":
    print(*needed(tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"], sys.argv[1:]), sep="\n")
