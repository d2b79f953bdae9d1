"""What docs/keys.md types works, and prints what it says."""

import re

from service.auth.keys import Scope
from tests.cli.test_main import likeness
from tests.support.places import ROOT
from tests.support.snippets import snippets


def test_the_commands_of_the_page(tmp_path):
    (session,) = snippets("docs/keys.md", "console")
    typed = re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]
    assert len(typed) == 7
    for entry in typed:
        line, *printed = entry.splitlines()
        words = line.partition("#")[0].split()
        done = likeness(*words[1:], LIKENESS_HOME=tmp_path, LIKENESS_KEYS_FILE=tmp_path / "keys.json")
        assert (words[0], done.returncode) == ("likeness", 0), done.stderr
        if printed:
            assert done.stdout.splitlines() == printed
        else:
            assert re.fullmatch(r"lk_\S{43}\n" if words[2] == "create" else "", done.stdout)


def test_the_page_names_every_scope():
    page = (ROOT / "docs/keys.md").read_text("utf-8")
    assert set(re.findall(r"^\| `([a-z]+:[a-z]+|review)`", page, re.MULTILINE)) == set(Scope)
