"""What the dashboard, the alerts and the documentation name is what service and worker really tell."""

import re

import pytest

from tests.deploy.test_prometheus import RULES, expressions
from tests.observability.conftest import Observed, Scrape
from tests.support.places import ROOT

pytestmark = pytest.mark.processes

METRIC = re.compile(r"\b(?:likeness|process)_\w+\b")
PAGE = ROOT / "docs/observability.md"
ON_A_GPU_ALONE = {"likeness_memory_device_bytes"}


@pytest.fixture(scope="module")
def scrapes(observed: Observed) -> list[Scrape]:
    observed.post(engine="drill")
    observed.post(engine="drill", prompt="memory-alone", size=(160, 120))  # smaller ones are not short of it
    return [observed.scrape("service"), observed.scrape("worker")]


def test_the_dashboard_and_the_alerts_ask_for_metrics_that_there_are(scrapes: list[Scrape]) -> None:
    there = set().union(*(scrape.names for scrape in scrapes)) | ON_A_GPU_ALONE
    asked = {name for query in [*expressions(), *(rule["expr"] for rule in RULES)] for name in METRIC.findall(query)}
    assert len(asked) > 25
    assert asked - there == set()


def test_the_table_of_metrics_is_complete_and_true(scrapes: list[Scrape]) -> None:
    rows = dict(re.findall(r"^\| `(likeness_\w+)[^`]*` \| (\w+) \|", PAGE.read_text("utf-8"), re.MULTILINE))
    families = {name: kind for scrape in scrapes for name, kind in scrape.families.items()}
    ours = {name: kind for name, kind in families.items() if name.startswith("likeness_")}
    told = {f"{name}_total" if kind == "counter" else name: kind for name, kind in ours.items()}
    told = {name: kind for name, kind in told.items() if not name.endswith("_created")}
    assert rows == told | dict.fromkeys(ON_A_GPU_ALONE, "gauge")
