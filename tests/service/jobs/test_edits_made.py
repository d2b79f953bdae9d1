"""Several edits through the real service and a real worker with the shipped engines; whose images may be worked on."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.auth.keys import create_key
from tests.service.conftest import Live, Stack, png, serving
from tests.support.places import ROOT
from tests.worker.drill import Drill

pytestmark = pytest.mark.processes

PHOTO = ROOT / "examples" / "shirt-plaid.jpg"
EDITS = [{"recolour": {"to": "#1F4E79"}, "engine": "retouch"}, {"instruction": "make the picture warmer"}]
PATIENT = {"Prefer": "wait=60"}


@pytest.fixture(scope="module")
def shop(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A service with the shipped engines, and one worker that loads what it is asked for."""
    folder = tmp_path_factory.mktemp("shop")
    drill = Drill(f"unix://{stack.server.socket}?db=5", folder, ROOT / "likeness" / "contract" / "catalogue.toml")
    try:
        drill.worker(preload="[]")
        with serving(stack.settings(5, catalogue=None, store_url=drill.store_url)) as live:
            yield live
    finally:
        drill.stop()


def sent(live: Live, path: str, image: object, **fields: str) -> dict:
    answer = live.http.post(path, files={"image": image}, data=fields, headers=PATIENT)
    assert answer.status_code == 200, answer.text
    job = answer.json()
    assert job["status"] == "succeeded", job["error"]
    return job


def test_edits_are_made_told_reproduced_and_worked_on(shop: Live) -> None:
    job = sent(shop, "/customise", ("a.jpg", PHOTO.read_bytes()), edits=json.dumps(EDITS), preserve="background")
    result = job["result"]
    engines = [edit["engine"] for edit in result["edits"]]
    assert engines[0] == "retouch" and len(engines) == 2
    (image,) = result["images"]
    assert image["report"]["locked"]["max_abs_diff"] == 0 and image["format"] == "png"
    assert [edit["engine"] for edit in result["recipe"]["task"]["edits"]] == [
        edit["engine"] for edit in result["edits"]
    ]

    again = shop.http.post(f"/jobs/{job['id']}/reproduce", headers=PATIENT).json()
    assert again["result"]["reproduction"]["images"][0]["sameness"] == "bitwise"
    assert again["result"]["images"][0]["sha256"] == image["sha256"]

    further = {"image": {"job": job["id"], "image": 0}, "instruction": "make the picture darker"}
    answer = shop.http.post("/customise", json=further, headers=PATIENT)
    assert answer.status_code == 200 and answer.json()["status"] == "succeeded", answer.text
    assert answer.json()["result"]["recipe"]["input_sha256"] == image["sha256"]


def test_a_colour_then_a_packshot_is_measured_and_reproduced(shop: Live) -> None:
    last = {"packshot": {"size": "400x400", "background": "#eeeeee", "format": "png", "upscale": "never"}}
    edits = json.dumps([EDITS[0], last])
    job = sent(shop, "/customise", ("a.jpg", PHOTO.read_bytes()), edits=edits, preserve="background")
    (image,) = job["result"]["images"]
    report = image["report"]
    assert (image["width"], image["height"], image["mode"]) == (400, 400, "RGB")
    assert report["compliance"]["rows"] and report["before"]["locked"]["max_abs_diff"] == 0
    assert report["before"]["frame"] != report["frame"]
    again = shop.http.post(f"/jobs/{job['id']}/reproduce", headers=PATIENT).json()
    assert again["result"]["reproduction"]["images"][0]["sameness"] == "bitwise"
    page = shop.http.get(f"/jobs/{job['id']}/report", headers={"Accept": "text/html"})
    assert "Rules" in page.text and "largest change there: 0" in page.text
    card = shop.http.get(f"/jobs/{job['id']}/report", headers={"Accept": "image/png"})
    assert card.status_code == 200


def test_a_sentence_cuts_out(shop: Live) -> None:
    job = sent(shop, "/customise", ("a.jpg", PHOTO.read_bytes()), instruction="make it navy and remove the background")
    (image,) = job["result"]["images"]
    assert image["mode"] == "RGBA" and image["format"] == "png" and len(job["result"]["edits"]) == 2
    assert any("the frame changes because it was asked" in reason for reason in image["report"]["reasons"])


def test_an_image_is_its_owners_alone(live: Live, stack: Stack, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    mine, theirs = ({"Authorization": f"Bearer {create_key(keys, name)}"} for name in ("mine", "theirs"))
    with serving(stack.settings(0, keys_file=keys)) as locked:
        first = locked.http.post("/recreate", files={"image": ("a.png", png())}, headers={**PATIENT, **mine}).json()
        assert first["status"] == "succeeded"
        body = {"image": {"job": first["id"]}}
        assert locked.http.post("/recreate", json=body, headers=mine).status_code == 202
        refused = locked.http.post("/recreate", json=body, headers=theirs)
        unknown = locked.http.post("/recreate", json={"image": {"job": "0" * 32}}, headers=theirs)
        assert refused.status_code == unknown.status_code == 422
        assert refused.json()["detail"].replace(first["id"], "0" * 32) == unknown.json()["detail"]
