"""The rules for buckets that deploy/storage has: servers take them, and do what they say."""

import json
import time

import pytest

from likeness.queue.keys import STORE_PREFIX
from likeness.storage.pictures import PictureStore
from service.config import Settings
from tests.storage.test_backends import URL, get, signed
from tests.support.places import ROOT
from tests.support.s3_server import S3Server

DEPLOY = ROOT / "deploy/storage"


@pytest.mark.processes
def test_the_lifecycle_rule_is_one_that_a_server_takes(s3: S3Server) -> None:
    """The rule is written as the AWS command line reads it; the protocol wants the same in XML."""
    rules = json.loads((DEPLOY / "lifecycle.json").read_text())
    answer = s3.call("PUT", "?lifecycle", f"<LifecycleConfiguration>{xml(rules)}</LifecycleConfiguration>".encode())
    assert answer.status_code == 200, answer.text
    kept = s3.call("GET", "?lifecycle").text
    assert "<Prefix>jobs/</Prefix>" in kept and "<Days>3</Days>" in kept and "<Status>Enabled</Status>" in kept


def test_the_lifecycle_rule_leaves_the_sweep_two_days() -> None:
    (rule,) = json.loads((DEPLOY / "lifecycle.json").read_text())["Rules"]
    assert rule["Expiration"]["Days"] * 86_400 == Settings().lifetime + 2 * 86_400
    assert STORE_PREFIX.startswith(rule["Filter"]["Prefix"])


@pytest.mark.processes
def test_the_cors_rule_lets_a_page_of_the_shop_read_links_and_no_other(s3: S3Server) -> None:
    rules = json.loads((DEPLOY / "cors.json").read_text())
    answer = s3.call("PUT", "?cors", f"<CORSConfiguration>{xml(rules)}</CORSConfiguration>".encode())
    assert answer.status_code == 200, answer.text
    store = PictureStore.open(URL)
    (link,) = signed(store, store.put("a", b"shoe", "image/png"))
    limit = time.monotonic() + 30
    while "access-control-allow-origin" not in get(link, Origin="https://shop.example.com").headers:
        assert time.monotonic() < limit, "the server has taken the rule, but does not follow it"
        time.sleep(0.1)
    assert "access-control-allow-origin" not in get(link, Origin="https://elsewhere.example").headers


def xml(value: object) -> str:
    """Return rules in the protocol's XML, where each entry of a list is an element of the singular name."""
    if not isinstance(value, dict):
        return str(value)
    lists = {name: many for name, many in value.items() if isinstance(many, list)}
    parts = [(name.removesuffix("s"), one) for name, many in lists.items() for one in many]
    parts += [(name, one) for name, one in value.items() if name not in lists]
    return "".join(f"<{name}>{xml(one)}</{name}>" for name, one in parts)
