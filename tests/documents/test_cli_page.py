"""docs/cli.md is what the command says of itself."""

import subprocess
import sys

from tests.support.places import ROOT


def test_the_page_is_fresh() -> None:
    command = [sys.executable, "-m", "typer", "likeness.cli.main", "utils", "docs", "--name", "likeness"]
    command += ["--title", "The likeness command"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    assert (ROOT / "docs/cli.md").read_text("utf-8").strip() == printed.strip(), "stale: run `make openapi`"
