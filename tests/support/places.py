"""Where things of the repository are, whatever folder a test stands in."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
DRILL_CATALOGUE = ROOT / "tests" / "worker" / "drill.toml"
"""A catalogue of drill engines."""
