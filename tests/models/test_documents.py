"""docs/models.md tells what the catalogue says."""

import re

from likeness.contract.catalogue import load_catalogue
from likeness.models.display import readable
from tests.support.places import ROOT

DOCUMENT = ROOT / "docs/models.md"


def test_the_table_lists_every_model_with_its_size_and_licence() -> None:
    row = r"^\| `([\w-]+)` \| (\S+/\S+) \| (.+?) \| (.+?) \| (.+?) \|$"
    rows = re.findall(row, DOCUMENT.read_text("utf-8"), re.MULTILINE)
    models = load_catalogue().model
    known = [(one.name, one.repository, readable(one.size), one.licence, one.commercial) for one in models]
    assert rows == known
