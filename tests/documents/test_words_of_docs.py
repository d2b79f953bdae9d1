"""Commands, options and settings that the documents name are there, and every setting is documented."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from likeness.cli.main import app
from service.config import Settings as ServiceSettings
from tests.support.places import ROOT
from worker.config import Settings as WorkerSettings

DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "weights/README.md", ROOT / "openapi/README.md"]
COMMAND = typer.main.get_command(app)
WORDS = re.compile(r"LIKENESS_[A-Z0-9_]*[A-Z0-9]")
SETTINGS = {f"LIKENESS_{name.upper()}" for one in (ServiceSettings, WorkerSettings) for name in one.model_fields}
OF_COMMANDS = {name for path in (ROOT / "likeness").rglob("*.py") for name in WORDS.findall(path.read_text("utf-8"))}
ELSEWHERE = {
    "LIKENESS_BIND": "docker-compose.yml",
    "LIKENESS_API_KEY": "a shell variable of an example",
    "LIKENESS_KEY": "a shell variable of an example",
    "LIKENESS_TEST_ENGINE": "tests/containers/engine.py",
}


def commands(text: str) -> Iterator[str]:
    """Yield the command lines of a document: in blocks, and in running text between backticks."""
    for block in re.findall(r"^```\w*\n(.*?)^```|^((?: {4}.*\n)+)", text, re.MULTILINE | re.DOTALL):
        for line in "".join(block).replace("\\\n", " ").splitlines():
            found = re.search(r"(?:^|[;|&(] *|= *|\$ )(likeness (?!service|:).*)$", line.strip())
            if found and not line.strip().startswith("git clone"):
                yield found[1]
    yield from re.findall(r"`(likeness [a-z][^`]*)`", text)


def words(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError:  # a quotation that goes on in the next line
        return line.split()


def wrong(line: str) -> str | None:
    """Return what of a command line the command does not know."""
    command = COMMAND
    for word in words(line)[1:]:
        if word in {"|", "&&", ";", ">"}:
            return None
        if hasattr(command, "commands") and re.fullmatch("[a-z][a-z-]*", word):
            if word not in command.commands:
                return f"there is no command {word!r}"
            command = command.commands[word]
        elif re.match("--[a-z]", word):
            known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | {"--help"}
            if word.partition("=")[0].rstrip(",.;:)]") not in known:
                return f"{command.name} has no option {word}"
    return None


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_are_there(document: Path) -> None:
    found = [f"{line}: {miss}" for line in commands(document.read_text("utf-8")) if (miss := wrong(line))]
    assert found == []


def test_commands_are_found() -> None:
    lines = [line for document in DOCUMENTS for line in commands(document.read_text("utf-8"))]
    assert len(lines) > 60
    assert wrong("likeness recreat a.jpg") == "there is no command 'recreat'"
    assert wrong("likeness keys create shop --scoop jobs:read") == "create has no option --scoop"


def test_settings_are_there() -> None:
    named = {(path.name, name) for path in DOCUMENTS for name in WORDS.findall(path.read_text("utf-8"))}
    assert sorted(pair for pair in named if pair[1] not in SETTINGS | OF_COMMANDS | set(ELSEWHERE)) == []


def test_settings_are_documented() -> None:
    page = (ROOT / "docs/operations.md").read_text("utf-8")
    assert sorted(name for name in SETTINGS if f"`{name}`" not in page) == []
