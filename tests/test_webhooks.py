"""Receiving webhooks with the client package: what verifies, what does not, and what the event says."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from likeness.webhooks import NotVerified, verify
from service.docs import examples
from service.webhooks.secrets import new_secret

SECRET = new_secret()
BODY = json.dumps(
    {
        "type": "job.succeeded",
        "timestamp": "2026-01-15T10:30:02.100000+00:00",
        "data": {**examples.SUCCEEDED, "later": "a field of a newer service"},
        "left_out": [],
    }
)


def headers(body: str = BODY, secret: str = SECRET, at: datetime | None = None) -> dict[str, str]:
    at = at or datetime.now(UTC)
    signature = Webhook(secret).sign("msg_1", at, body)
    return {"Webhook-Id": "msg_1", "Webhook-Timestamp": str(int(at.timestamp())), "Webhook-Signature": signature}


@pytest.mark.parametrize("body", [BODY, BODY.encode()])
def test_an_event_is_read(body: str | bytes) -> None:
    event = verify(body, headers(), SECRET)
    assert (event.id, event.type, event.data.id) == ("msg_1", "job.succeeded", examples.JOB_ID)
    assert event.data.result is not None and event.data.result.images[0].report.verdict == "accepted"
    assert event.data.links["self"] == examples.HERE


def test_any_of_several_secrets_will_do() -> None:
    assert verify(BODY, headers(), [new_secret(), SECRET]).id == "msg_1"
    with pytest.raises(NotVerified):
        verify(BODY, headers(), [new_secret(), new_secret()])
    with pytest.raises(NotVerified):
        verify(BODY, headers(), [])


@pytest.mark.parametrize(
    "changed",
    [
        {"Webhook-Id": "msg_2"},
        {"Webhook-Timestamp": "1"},
        {"Webhook-Signature": "v1"},
        {"Webhook-Signature": "v1,%%%"},
        {"Webhook-Signature": ""},
        {"Webhook-Timestamp": "soon"},
    ],
)
def test_what_was_changed_is_refused(changed: dict[str, str]) -> None:
    with pytest.raises(NotVerified):
        verify(BODY, {**headers(), **changed}, SECRET)


def test_what_is_old_or_not_ours_is_refused() -> None:
    with pytest.raises(NotVerified):
        verify(BODY, headers(at=datetime.now(UTC) - timedelta(minutes=6)), SECRET)
    with pytest.raises(NotVerified):
        verify(BODY + " ", headers(), SECRET)
    with pytest.raises(NotVerified):
        verify("{}", headers("{}"), SECRET)
    with pytest.raises(NotVerified):
        verify("[]", headers("[]"), SECRET)
