"""Batches from end to end: a live service, a real worker, and the feeder."""

import csv
import hashlib
import io
import zipfile

from tests.service.batches.conftest import WHITE, Shop

STRONG = {"name": "strong", "kind": "recreate", "seed": 4}


def test_every_item_by_every_recipe(fed: Shop) -> None:
    batch = fed.post(fed.items(5), WHITE, STRONG, name="autumn")
    assert (batch["state"], batch["counts"]["waiting"]) == ("running", 10)
    now = fed.ended(batch)
    assert now["counts"]["succeeded"] == 10 and now["counts"]["waiting"] == now["counts"]["queued"] == 0
    assert {name: counts["succeeded"] for name, counts in now["recipes"].items()} == {"again": 5, "strong": 5}
    assert now["device_seconds"] > 0 and now["seconds_left"] == 0
    rows = fed.manifest(batch)
    assert [(row["reference"], row["recipe"]) for row in rows] == [
        (f"SKU-{number}", name) for number in range(5) for name in ("again", "strong")
    ]
    for row in rows:
        image = fed.http.get(row["link"])
        assert hashlib.sha256(image.content).hexdigest() == row["sha256"]
        assert row["status"] == "succeeded" and row["figures"]["ssim"] <= 1 and row["reasons"]
    assert fed.http.get("/batches").json()["batches"][0]["id"] == batch["id"]


def test_a_manifest_is_asked_for_one_item(fed: Shop) -> None:
    batch = fed.post(fed.items(3), {**WHITE, "name": "a"}, {**WHITE, "name": "b"})
    fed.ended(batch)
    rows = fed.manifest(batch, reference="SKU-1")
    assert [(row["reference"], row["recipe"], row["item"]) for row in rows] == [("SKU-1", "a", 1), ("SKU-1", "b", 1)]
    assert fed.http.get(rows[0]["link"]).status_code == 200
    assert fed.manifest(batch, reference="SKU-9") == []


def test_the_results_come_as_csv_and_as_an_archive(fed: Shop) -> None:
    items = fed.items(3)
    items[0]["reference"], items[1]["reference"] = "=1+1", "../cap"
    batch = fed.post(items)
    fed.ended(batch)
    text = fed.http.get(batch["links"]["manifest"], params={"format": "csv"}).text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["reference"] for row in rows] == ["'=1+1", "../cap", "SKU-2"]
    assert {row["status"] for row in rows} == {"succeeded"}
    with zipfile.ZipFile(io.BytesIO(fed.http.get(batch["links"]["archive"]).content)) as found:
        assert found.testzip() is None
        assert found.namelist() == ["=1+1-again.png", "_cap-again.png", "SKU-2-again.png"]
        digests = [hashlib.sha256(found.read(name)).hexdigest() for name in found.namelist()]
    assert digests == [row["sha256"] for row in rows]
