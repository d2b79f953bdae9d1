"""Imports run one way: the tables of docs/architecture.md are the rules, and these tests hold both together."""

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.support.places import ROOT

PACKAGES = ("likeness", "service", "worker", "training")
FILES = sorted(path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
PAGE = (ROOT / "docs/architecture.md").read_text("utf-8")


def rows(heading: str) -> list[list[str]]:
    """Return the rows of the table whose first column has this heading."""
    table = PAGE[PAGE.index(f"| {heading} |") :].split("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def names_in(cell: str) -> set[str]:
    """Return what a cell of a table names in backticks."""
    return set(cell.split("`")[1::2])


ROOMS = {names_in(folder).pop().rstrip("/"): (purpose, names_in(may)) for folder, purpose, may in rows("folder")}
LIBRARIES = {library: names_in(known) for known_as, known in rows("library") for library in sorted(names_in(known_as))}


@cache
def imports(path: Path) -> frozenset[str]:
    """Return the dotted name of everything a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def module_of(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_of(path): path for path in FILES}


def ours(path: Path) -> Iterator[Path]:
    """Yield the files of ours that a file imports."""
    for name in imports(path):
        while name and name not in MODULES:
            name = name.rpartition(".")[0]
        if name and MODULES[name] != path:
            yield MODULES[name]


def room_of(path: Path) -> str:
    return path.parent.as_posix()


def allowed(room: str, target: Path) -> bool:
    may = ROOMS[room][1]
    inside = [f"{parent.as_posix()}/**" for parent in target.parents]
    return room_of(target) == room or bool(may & {target.as_posix(), f"{room_of(target)}/", *inside})


def test_every_folder_is_in_the_table() -> None:
    assert set(ROOMS) == {room_of(path) for path in FILES}


@pytest.mark.parametrize("room", ROOMS)
def test_the_table_says_what_the_folder_itself_says_it_is_for(room: str) -> None:
    said = ast.get_docstring(ast.parse((ROOT / room / "__init__.py").read_text("utf-8")))
    assert said is not None and said.splitlines()[0] == ROOMS[room][0]


@pytest.mark.parametrize("room", ROOMS)
def test_a_folder_imports_what_the_table_allows(room: str) -> None:
    wrong = [
        f"{path} imports {target}"
        for path in FILES
        if room_of(path) == room
        for target in ours(path)
        if not allowed(room, target)
    ]
    assert not wrong


@pytest.mark.parametrize("room", ROOMS)
def test_the_table_allows_nothing_that_no_file_needs(room: str) -> None:
    used: set[str] = set()
    for path in (path for path in FILES if room_of(path) == room):
        for target in ours(path):
            used |= {target.as_posix(), f"{room_of(target)}/"}
            used |= {f"{parent.as_posix()}/**" for parent in target.parents}
    assert not ROOMS[room][1] - used


def test_service_and_worker_never_meet() -> None:
    for package, others in (("service", {"worker", "training"}), ("worker", {"service", "training"})):
        assert not [room for room in ROOMS if room.split("/")[0] == package and _names(room) & others]
    assert not [room for room in ROOMS if room.split("/")[0] == "likeness" and _names(room) - {"likeness"}]


def _names(room: str) -> set[str]:
    return {name.split("/")[0] for name in ROOMS[room][1]}


def test_no_imports_run_in_a_circle() -> None:
    graph: dict[Path, set[Path]] = defaultdict(set)
    for path in FILES:
        graph[path] |= set(ours(path))
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_is_known_where_the_table_says_and_nowhere_else(library: str) -> None:
    know = [path for path in FILES if any(name.split(".")[0] == library for name in imports(path))]
    places = LIBRARIES[library]
    assert know, "a library that nobody imports needs no row"
    assert not [path for path in know if not any(path.as_posix().startswith(place) for place in places)]
    assert not [place for place in places if not any(path.as_posix().startswith(place) for path in know)]


def test_the_service_loads_no_torch() -> None:
    code = "import sys, service.app; sys.exit(any(name in sys.modules for name in ('torch', 'diffusers', 'worker')))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60).returncode == 0


def test_what_delivers_webhooks_loads_neither_the_web_nor_pictures() -> None:
    code = "import sys, service.webhooks.__main__; print(*({'fastapi', 'numpy', 'PIL', 'obstore'} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60, check=True, capture_output=True, text=True)
    assert out.stdout.split() == []


def test_no_pickle_anywhere() -> None:
    loaders = {"pickle", "cloudpickle", "dill", "marshal", "shelve"}
    assert not [path for path in FILES if any(name.split(".")[0] in loaders for name in imports(path))]


def test_weights_are_never_read_by_a_loader_that_runs_code() -> None:
    wrong = [
        f"{path}:{node.lineno}"
        for path in FILES
        for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"torch.load", "torch.hub", "torch.jit.load"}
    ]
    assert not wrong
