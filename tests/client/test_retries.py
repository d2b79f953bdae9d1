"""When both clients try again, how long they wait before, and what they tell when they give up."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from likeness.client import Client, LikenessProblem, Retries
from tests.client.test_client import QUICK, client, stub  # noqa: F401  fixtures
from tests.support.awaited import Awaited
from tests.support.stub import JOB, Answer, problem


@pytest.mark.parametrize("first", [problem(503, "queue_unavailable"), problem(502, "x"), Answer(status=0)])
def test_a_retried_post_carries_the_same_idempotency_key(stub, client, first):  # noqa: F811
    stub.answers = [first, Answer(JOB, 202)]
    client.recreate(b"bytes")
    client.recreate(b"bytes")
    first_key, again, other = (asked.headers["Idempotency-Key"] for asked in stub.asked)
    assert first_key == again
    assert other != again


def test_retry_after_is_honoured(stub, client):  # noqa: F811
    stub.answers = [problem(429, "queue_full", Retry_After="1"), Answer(JOB, 202)]
    began = time.monotonic()
    client.recreate(b"bytes")
    assert 1.0 <= time.monotonic() - began < 20


def test_it_gives_up_after_a_bounded_number_of_tries(stub, client):  # noqa: F811
    stub.answers = [problem(429, "queue_full", "the queue is full", Retry_After="0")]
    with pytest.raises(LikenessProblem, match="the queue is full") as caught:
        client.recreate(b"bytes")
    assert (caught.value.status, caught.value.code) == (429, "queue_full")
    assert len(stub.asked) == QUICK.attempts


def test_a_retry_after_may_be_a_date(stub, client):  # noqa: F811
    asked_at = []
    soon = (datetime.now(UTC) + timedelta(seconds=2)).replace(microsecond=0)
    busy = problem(503, "queue_unavailable", Retry_After=format_datetime(soon, usegmt=True))

    def answer(_):
        asked_at.append(datetime.now(UTC))
        return busy if len(asked_at) == 1 else Answer(JOB, 202)

    stub.answer = answer
    client.recreate(b"bytes")
    assert len(asked_at) == 2 and asked_at[1] >= soon


def test_a_long_retry_after_is_told_and_never_undercut(stub, client):  # noqa: F811
    stub.answers = [problem(429, "quota_exceeded", Retry_After="3600", X_Request_ID="r1")]
    with pytest.raises(LikenessProblem) as caught:
        client.recreate(b"bytes")
    assert (len(stub.asked), caught.value.retry_after, caught.value.request_id) == (1, 3600.0, "r1")


def test_a_key_may_be_given(stub, client):  # noqa: F811
    stub.answers = [problem(409, "idempotency_pending"), Answer(JOB, 202)]
    client.recreate(b"bytes", idempotency_key="order-7")
    client.reproduce("j1", idempotency_key="order-8")
    assert [asked.headers["Idempotency-Key"] for asked in stub.asked] == ["order-7", "order-7", "order-8"]


def test_waiting_for_a_service_that_went_is_bounded_by_its_own_time(stub, client):  # noqa: F811
    stub.answers = [problem(503, "queue_unavailable", Retry_After="30")]
    began = time.monotonic()
    with pytest.raises(LikenessProblem) as caught:
        client.wait("j1", timeout=1.0)
    assert caught.value.code == "queue_unavailable" and time.monotonic() - began < 25


@pytest.mark.parametrize("kind", [Client, Awaited])
def test_nobody_there(kind):
    with (
        kind("http://127.0.0.1:1", retries=Retries(attempts=2, first_pause=0.01)) as lonely,
        pytest.raises(LikenessProblem, match="does not answer") as caught,
    ):
        lonely.engines()
    assert (caught.value.status, caught.value.code) == (0, "no_answer")
