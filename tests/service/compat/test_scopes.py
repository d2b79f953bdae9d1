"""Keys with fewer scopes, and quotas, through the calls of other APIs."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from service.auth.keys import KeyLimits, Scope, create_key
from tests.service.conftest import Live, png

PICTURE = f"data:image/png;base64,{base64.b64encode(png()).decode()}"
HANDING_IN = [
    ("/v1/images/edits", {"files": {"image": ("a.png", png())}}),
    ("/v1/images/generations", {"json": {"prompt": "a shoe"}}),
    ("/sdapi/v1/img2img", {"json": {"init_images": [PICTURE]}}),
    ("/sdapi/v1/interrupt", {}),
    ("/v1/predictions", {"json": {"version": "drill", "input": {"image": PICTURE}}}),
    ("/v1/models/likeness/drill/predictions", {"json": {"input": {"image": PICTURE}}}),
    ("/v1/files", {"files": {"content": ("a.png", png())}}),
]
READING = ("/v1/models", "/v1/models/drill", "/sdapi/v1/progress", "/sdapi/v1/scripts", "/v1/predictions")


@pytest.fixture
def keyed(serve: Callable[..., Live], tmp_path: Path) -> Live:
    keys = tmp_path / "keys.json"
    reader = create_key(keys, "reader", KeyLimits(scopes=[Scope.READ]))
    live = serve(keys_file=keys)
    live.http.headers["Authorization"] = f"Bearer {reader}"
    return live


@pytest.mark.parametrize(("path", "body"), HANDING_IN, ids=[row[0] for row in HANDING_IN])
def test_a_key_that_may_only_read_hands_nothing_in(keyed: Live, path: str, body: dict) -> None:
    refused = keyed.http.post(path, **body)
    assert refused.status_code == 403 and "scope_missing" in refused.text


@pytest.mark.parametrize("path", READING)
def test_but_reads_and_nobody_reads_without_a_key(keyed: Live, path: str) -> None:
    assert keyed.http.get(path).status_code == 200
    del keyed.http.headers["Authorization"]
    assert keyed.http.get(path).status_code == 401
