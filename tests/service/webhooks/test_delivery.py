"""Delivering: a real receiver that verifies, real Valkey, real service; what goes wrong is tried again."""

import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import redis
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from likeness.queue import keys
from service.auth.keys import create_key
from service.config import Settings
from service.webhooks.deliverer import MOST_OF_ONE
from service.webhooks.secrets import drop_old, new_secret, rotate, webhook_secret
from tests.conftest import Server
from tests.service.conftest import Live, Stack, png, serving
from tests.service.webhooks.conftest import PATIENCE, SECRET, Receiver, cancelled, delivering, hand_in, told
from tests.support import stub
from tests.worker.drill import CATALOGUE


def settings_of(live: Live):
    return live.app.state.services.settings


def database(live: Live) -> redis.Redis:
    return redis.Redis.from_url(settings_of(live).redis_url)


def test_the_end_of_a_job_is_told_signed_and_logged(hooked: Live, receiver: Receiver) -> None:
    job_id = hand_in(hooked.http, receiver.url)
    assert hooked.http.get(f"/jobs/{job_id}").json()["webhook"] == {
        "url": receiver.url,
        "state": "waiting",
        "deliveries": [],
        "next_at": None,
    }
    with delivering(settings_of(hooked)):
        hooked.http.post(f"/jobs/{job_id}/cancel")
        event_id, event, asked = receiver.next()
        log = told(hooked.http, job_id, "delivered")
    job = hooked.http.get(f"/jobs/{job_id}").json()
    assert (event_id, asked.path) == (f"msg_{job_id}", "/hook?token=s3cret")
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["host"] == receiver.server.url.removeprefix("http://")
    assert event == {
        "type": "job.cancelled",
        "timestamp": event["timestamp"],
        "data": {name: value for name, value in job.items() if name not in ("webhook", "review", "reviews")},
        "left_out": [],
    }
    assert datetime.fromisoformat(event["timestamp"]) == datetime.fromisoformat(job["ended_at"])
    assert [(one["status"], one["error"]) for one in log["deliveries"]] == [(204, None)]
    with database(hooked) as client:
        assert client.hgetall(keys.WEBHOOK_COUNTS_KEY) == {b"delivered": b"1"}
        assert not client.exists(keys.WEBHOOKS_DUE_KEY, keys.WEBHOOK_KEY.format(id=job_id))


def test_what_fails_is_tried_again_under_the_same_id_with_a_new_time_and_given_up_in_the_end(
    hooked: Live, receiver: Receiver
) -> None:
    receiver.statuses = [500, 302, 204]
    settings = settings_of(hooked).model_copy(update={"webhook_retries": [0.5, 2]})
    with delivering(settings):
        job_id = cancelled(hooked, receiver.url)
        tries = [receiver.next() for _ in range(3)]
        log = told(hooked.http, job_id, "delivered")
        receiver.statuses = [500] * 3
        other = cancelled(hooked, receiver.url)
        given_up = told(hooked.http, other, "failed")
    assert {event_id for event_id, _, _ in tries} == {f"msg_{job_id}"}
    assert tries[0][1] == tries[1][1] == tries[2][1]
    assert len({asked.headers["webhook-timestamp"] for _, _, asked in tries}) > 1
    assert [one["error"] for one in log["deliveries"]] == [
        "the receiver answered 500",
        "the receiver answered 302, a redirect, which is not followed",
        None,
    ]
    assert len(given_up["deliveries"]) == 3 and given_up["next_at"] is None
    with database(hooked) as client:
        counts = {name.decode(): int(count) for name, count in client.hgetall(keys.WEBHOOK_COUNTS_KEY).items()}
    assert counts == {"failed": 4, "delivered": 1, "given_up": 1}


def test_a_receiver_that_hangs_is_left_after_the_bound_and_holds_up_no_other(hooked: Live, receiver: Receiver) -> None:
    receiver.hold = threading.Event()
    settings = settings_of(hooked).model_copy(update={"webhook_seconds": 0.5})
    with delivering(settings):
        job_id = cancelled(hooked, receiver.url)
        assert receiver.next()[0] == receiver.next()[0] == f"msg_{job_id}"
        receiver.hold.set()
        log = told(hooked.http, job_id, "delivered")
    assert log["deliveries"][0]["error"] == "no answer within 0.5 s" and log["deliveries"][0]["status"] is None


def test_gone_ends_it_for_this_url_and_key(hooked: Live, receiver: Receiver) -> None:
    receiver.statuses = [410]
    with delivering(settings_of(hooked)):
        first = cancelled(hooked, receiver.url)
        log = told(hooked.http, first, "disabled")
        second = cancelled(hooked, receiver.url)
        untried = told(hooked.http, second, "disabled")
        elsewhere = cancelled(hooked, f"{receiver.url}&other")
        told(hooked.http, elsewhere, "delivered")
    assert [one["status"] for one in log["deliveries"]] == [410]
    assert [one["status"] for one in untried["deliveries"]] == [None]
    assert "is gone" in untried["deliveries"][0]["error"]
    assert receiver.got.qsize() == 2, "the second was not sent"
    with database(hooked) as client:
        (mark,) = client.keys("likeness:webhooks:gone:*")
        assert 0 < client.ttl(mark) <= keys.WEBHOOK_GONE_SECONDS
        client.delete(mark)


def test_both_secrets_sign_while_one_is_rotated(
    stack: Stack, serve: Callable[..., Live], tmp_path: Path, receiver
) -> None:
    file = tmp_path / "keys.json"
    key = create_key(file, "shop")
    live = serve(keys_file=file, webhook_private=True)
    http = httpx.Client(base_url=live.url, headers={"Authorization": f"Bearer {key}"}, trust_env=False)

    def sent() -> dict[str, object]:
        job_id = hand_in(http, receiver.url)
        http.post(f"/jobs/{job_id}/cancel")
        return receiver.got.get(timeout=30)

    def verifies(asked, secret: str) -> bool:
        try:
            Webhook(secret).verify(asked.body, dict(asked.headers))
        except WebhookVerificationError:
            return False
        return True

    with http, delivering(settings_of(live)):
        answer = http.post("/recreate", files={"image": b""}, data={"webhook": receiver.url})
        assert answer.status_code == 422 and "likeness keys webhook-secret shop" in answer.json()["detail"]
        old = webhook_secret(file, "shop")
        assert old == webhook_secret(file, "shop") and verifies(sent(), old)
        new = rotate(file, "shop")
        both = sent()
        assert new != old and verifies(both, old) and verifies(both, new)
        assert not verifies(both, new_secret())
        assert drop_old(file, "shop") == new
        last = sent()
        assert verifies(last, new) and not verifies(last, old)
    assert file.stat().st_mode & 0o777 == 0o600


def test_an_old_webhook_sent_again_by_somebody_else_is_refused(hooked: Live, receiver: Receiver) -> None:
    with delivering(settings_of(hooked)):
        cancelled(hooked, receiver.url)
        _, _, asked = receiver.next()
    headers = dict(asked.headers)
    past = str(int((datetime.now(UTC) - timedelta(minutes=6)).timestamp()))
    for changed in ({"webhook-timestamp": past}, {"webhook-id": "msg_other"}):
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(asked.body, {**headers, **changed})
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(asked.body + b" ", headers)


def test_a_receiver_hears_also_when_the_job_outlives_nothing(stack: Stack, serve, receiver: Receiver) -> None:
    live = serve(webhook_private=True, webhook_secret=SECRET, lifetime=1)
    job_id = cancelled(live, receiver.url)
    with database(live) as client:
        client.expire(keys.JOB_KEY.format(id=job_id), 0)
    assert live.http.get(f"/jobs/{job_id}").status_code == 410
    with delivering(settings_of(live)):
        assert receiver.next()[0] == f"msg_{job_id}"
    with database(live) as client:
        assert not client.exists(keys.JOB_KEY.format(id=job_id)), "the log brings no job back"


def test_an_erased_job_is_not_told(hooked: Live, receiver: Receiver) -> None:
    erased, kept = cancelled(hooked, receiver.url), cancelled(hooked, receiver.url)
    hooked.http.delete(f"/jobs/{erased}")
    with delivering(settings_of(hooked)):
        told(hooked.http, kept, "delivered")
    assert receiver.got.qsize() == 1
    with database(hooked) as client:
        assert not client.keys("likeness:webhook:*") and not client.exists(keys.WEBHOOKS_DUE_KEY)


def test_an_end_that_was_not_told_to_the_outbox_is_found(hooked: Live, receiver: Receiver) -> None:
    """As of a worker of an older version, or of RQ's own tools."""
    job_id, lost = hand_in(hooked.http, receiver.url), hand_in(hooked.http, receiver.url)
    with database(hooked) as client:
        client.hset(keys.JOB_KEY.format(id=job_id), mapping={"status": "failed"})
        client.delete(keys.JOB_KEY.format(id=lost))
        seconds, _ = client.time()
        looks = [score / 1000 - seconds for _, score in client.zrange(keys.WEBHOOKS_DUE_KEY, 0, -1, withscores=True)]
        assert len(looks) == 2 and all(0 < look <= keys.WEBHOOK_LOOK_SECONDS + 1 for look in looks)
        client.zadd(keys.WEBHOOKS_DUE_KEY, {job_id: 0, lost: 0})
        with delivering(settings_of(hooked)):
            assert receiver.next()[1]["type"] == "job.failed"
            told(hooked.http, job_id, "delivered")
        assert not client.exists(keys.WEBHOOKS_DUE_KEY)


def test_where_nobody_delivers_what_is_due_does_not_grow_for_ever(hooked: Live) -> None:
    untold, told_later = hand_in(hooked.http, "http://shop.example/"), hand_in(hooked.http, "http://shop.example/")
    with database(hooked) as client:
        now = client.time()[0] * 1000
        kept = keys.WEBHOOK_SECONDS * 1000
        client.zadd(keys.WEBHOOKS_DUE_KEY, {untold: now - kept - 60_000, told_later: now - kept + 60_000})
        new = hand_in(hooked.http, "http://shop.example/")
        due = {job_id.decode() for job_id in client.zrange(keys.WEBHOOKS_DUE_KEY, 0, -1)}
        assert due == {told_later, new}
        assert hooked.http.post(f"/jobs/{untold}/cancel").json()["status"] == "cancelled"
        assert client.zscore(keys.WEBHOOKS_DUE_KEY, untold) >= now, "one that ends after all is to be told"


def test_the_metrics_tell_how_late_webhooks_are(hooked: Live) -> None:
    def late() -> float:
        page = hooked.http.get("/metrics").text
        return float(re.search(r"^likeness_webhook_overdue_seconds (.+)$", page, re.MULTILINE)[1])

    assert late() == 0
    job_id = hand_in(hooked.http, "http://shop.example/")
    assert late() == 0, "it is looked at in a minute"
    with database(hooked) as client:
        client.zadd(keys.WEBHOOKS_DUE_KEY, {job_id: (client.time()[0] - 100) * 1000})
    assert 99 <= late() < 200


def test_receivers_of_one_key_that_hang_leave_places_for_anothers(serve, receiver: Receiver, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    api_keys = {name: create_key(file, name) for name in ("slow", "shop")}
    secrets = {name: webhook_secret(file, name) for name in api_keys}
    live = serve(keys_file=file, webhook_private=True)

    def end_a_job(name: str, url: str) -> str:
        live.http.headers["Authorization"] = f"Bearer {api_keys[name]}"
        return cancelled(live, url)

    with stub.running() as hanging:
        slow = Receiver(hanging)
        slow.hold = threading.Event()
        for _ in range(MOST_OF_ONE + 2):
            end_a_job("slow", slow.url)
        with delivering(settings_of(live)):
            for _ in range(MOST_OF_ONE):
                slow.got.get(timeout=PATIENCE)
            job_id = end_a_job("shop", receiver.url)
            assert receiver.next(secrets["shop"])[0] == f"msg_{job_id}"
            assert slow.got.empty(), "no more of one key at one time"
            slow.hold.set()
            for _ in range(2):
                slow.got.get(timeout=PATIENCE)


def test_redis_may_come_and_go(server: Server, tmp_path: Path, receiver: Receiver) -> None:
    settings = Settings(
        redis_url=server.url,
        store_url=f"file://{tmp_path}",
        catalogue=CATALOGUE,
        webhook_private=True,
        webhook_secret=SECRET,
    )
    with serving(settings) as live, delivering(settings):
        first = cancelled(live, receiver.url)
        told(live.http, first, "delivered")
        server.written()
        server.kill()
        assert live.http.get(f"/jobs/{first}").status_code == 503
        server.start()
        second = cancelled(live, receiver.url)
        told(live.http, second, "delivered")
    assert [receiver.next()[0] for _ in range(2)] == [f"msg_{first}", f"msg_{second}"]


def test_a_job_that_is_refused_leaves_nothing_to_tell(serve) -> None:
    live = serve(webhook_private=True, webhook_secret=SECRET, max_queued=0)
    fields = {"webhook": "http://127.0.0.1:9/"}
    assert live.http.post("/recreate", files={"image": ("a.png", png())}, data=fields).status_code == 429
    with database(live) as client:
        assert not client.exists(keys.WEBHOOKS_DUE_KEY)
