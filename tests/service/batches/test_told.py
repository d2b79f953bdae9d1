"""What is told of a batch: webhooks on the way and at its end, and how alike its sets are."""

import hashlib

from likeness.webhooks import BatchEvent, verify
from tests.service.batches.conftest import WHITE, Shop
from tests.service.conftest import png
from tests.service.webhooks.conftest import SECRET, Receiver, delivering, receiver  # noqa: F401  a fixture
from tests.support.feeding import feeding
from tests.worker.drill import Drill


def test_a_receiver_is_told_at_every_tenth_and_at_the_end(serve, receiver: Receiver) -> None:  # noqa: F811
    shop = Shop(serve(webhook_secret=SECRET, webhook_private=True, batch_window=1))
    settings = shop.live.app.state.services.settings
    drill = Drill(settings.redis_url, shop.live.store.parent)
    try:
        drill.worker()
        with feeding(settings), delivering(settings):
            batch = shop.post(shop.items(5), WHITE, webhook=receiver.url)
            shop.ended(batch)
            events = []
            while not events or events[-1].type != "batch.ended":
                _, _, asked = receiver.next()
                events.append(verify(asked.body, dict(asked.headers), SECRET))
    finally:
        drill.stop()
    assert all(isinstance(event, BatchEvent) and event.data.id == batch["id"] for event in events)
    assert len({event.id for event in events}) == len(events) >= 3, "each tenth once"
    ended = [event.data.counts.ended for event in events]
    assert ended == sorted(ended) and ended[-1] == 5 and events[-1].data.state == "ended"


def test_the_odd_one_of_a_set_is_named(fed: Shop) -> None:
    colours = {"A": (160, 16, 32), "B": (162, 18, 32), "C": (158, 16, 34), "D": (20, 60, 160)}
    items = [
        {"reference": name, "set": "caps", "image": {"upload": fed.upload(png((24, 16), "RGB", colour))}}
        for name, colour in colours.items()
    ]
    items += [{"reference": "E", "image": items[0]["image"]}]
    batch = fed.post(items, WHITE)
    fed.ended(batch)
    found = {row["reference"]: row.get("consistency") for row in fed.manifest(batch)}
    assert found["E"] is None
    assert {one["odd"] for name, one in found.items() if name != "E"} == {"D"}
    assert found["D"]["distance"] == found["A"]["spread"] > 20 > 3 > found["A"]["distance"]


def test_an_image_has_its_bytes_and_its_type(fed: Shop) -> None:
    batch = fed.post(fed.items(1))
    fed.ended(batch)
    (row,) = fed.manifest(batch)
    answer = fed.http.get(row["link"])
    assert answer.headers["Content-Type"] == "image/png" and answer.headers["ETag"] == f'"{row["sha256"]}"'
    assert hashlib.sha256(answer.content).hexdigest() == row["sha256"]
    again = fed.http.get(row["link"], headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert fed.http.get(f"{batch['links']['self']}/images/{'0' * 64}").status_code == 404
