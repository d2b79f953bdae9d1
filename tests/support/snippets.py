"""The code that documents show."""

import re

from tests.support.places import ROOT


def snippets(file: str, language: str) -> list[str]:
    """Return the code blocks of a language in a Markdown file of the repository, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / file).read_text("utf-8"), re.MULTILINE | re.DOTALL)
