"""docs/models.md tells what the catalogue says."""

import re

from likeness.contract.catalogue import load_catalogue
from likeness.models.display import readable
from tests.support.places import ROOT

DOCUMENT = ROOT / "docs/models.md"


def test_the_table_lists_every_model_with_its_size_and_licence() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (\S+/\S+) \| (.+?) \| (.+?) \|$", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    known = [(spec.name, spec.repository, readable(spec.size), spec.licence) for spec in load_catalogue().model]
    assert rows == known
