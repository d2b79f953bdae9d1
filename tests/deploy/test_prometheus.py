"""Alert rules, the example of a scrape and the dashboard, as Prometheus's own checker reads them."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.support.places import ROOT

PROMETHEUS = ROOT / "deploy/prometheus"
DASHBOARD = json.loads((ROOT / "deploy/grafana/likeness.json").read_text("utf-8"))
RULES = [
    rule
    for group in yaml.safe_load((PROMETHEUS / "alerts.yml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
VARIABLES = {"$__rate_interval": "5m", "$__range": "1h", "$engine": "starter|sdxl"}


def expressions() -> Iterator[str]:
    """Yield every query of the dashboard, with values for its variables."""
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", []):
            expression = target["expr"]
            for name, value in VARIABLES.items():
                expression = expression.replace(name, value)
            yield expression


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    return found


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_rules_are_valid_and_fire_when_they_should(promtool: str) -> None:
    assert f"{len(RULES)} rules found" in run(promtool, "check", "rules", str(PROMETHEUS / "alerts.yml"))
    run(promtool, "test", "rules", str(PROMETHEUS / "alerts_test.yml"))


def test_every_alert_is_tested_both_ways() -> None:
    tests = yaml.safe_load((PROMETHEUS / "alerts_test.yml").read_text("utf-8"))["tests"]
    quiet = {one["alertname"] for one in tests[0]["alert_rule_test"]}
    firing = set(re.findall(r'alertname="(\w+)"', (PROMETHEUS / "alerts_test.yml").read_text("utf-8")))
    firing |= {one["alertname"] for test in tests[1:] for one in test.get("alert_rule_test", []) if one["exp_alerts"]}
    assert quiet == firing == {rule["alert"] for rule in RULES}


def test_the_example_of_a_scrape_is_valid(promtool: str) -> None:
    run(promtool, "check", "config", "--syntax-only", str(PROMETHEUS / "prometheus.yml"))


def test_every_query_of_the_dashboard_parses(promtool: str, tmp_path: Path) -> None:
    queries = list(expressions())
    assert len(queries) > 30 and not any("$" in query for query in queries)
    rules = [{"record": f"dashboard:{number}", "expr": query} for number, query in enumerate(queries)]
    file = tmp_path / "dashboard.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    assert f"{len(queries)} rules found" in run(promtool, "check", "rules", str(file))


def test_panels_lie_beside_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not taken & cells and place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_every_alert_says_how_bad_it_is_and_what_to_do() -> None:
    page = (ROOT / "docs/observability.md").read_text("utf-8")
    for rule in RULES:
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert set(rule["annotations"]) == {"summary", "description", "runbook"}
        assert rule["annotations"]["runbook"] == f"docs/observability.md#{rule['alert'].lower()}"
        assert f"\n### {rule['alert']}\n" in page
