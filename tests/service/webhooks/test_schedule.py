"""When a try is made again, and when no more."""

from datetime import UTC, datetime, timedelta

import pytest

from likeness.contract.deliveries import Delivery, WebhookLog
from service.config import Settings
from service.webhooks.deliverer import JITTER, settle

RETRIES = Settings().webhook_retries
START = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)


def failed(after: float, seconds: float = 0) -> Delivery:
    return Delivery(at=START + timedelta(seconds=after), seconds=seconds, status=500, error="the receiver answered 500")


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_a_day_of_tries(chance: float) -> None:
    log, after, times = WebhookLog(), 0.0, []
    while (settled := settle(log, failed(after), False, RETRIES, chance)).again is not None:
        assert settled.outcome == "failed" and settled.log.next_at is not None
        assert (settled.log.next_at - START).total_seconds() == pytest.approx(after + settled.again, abs=0.001)
        log, after = settled.log, after + settled.again
        times.append(after)
    assert settled.outcome == "given_up" and len(settled.log.deliveries) == len(RETRIES) + 1
    for time, planned in zip(times, RETRIES, strict=True):
        assert planned <= time <= planned * (1 + JITTER)
    assert 24 * 3600 <= times[-1] <= 24 * 3600 * (1 + JITTER)


def test_times_that_passed_while_nobody_delivered_are_passed_over() -> None:
    first = settle(WebhookLog(), failed(0), False, RETRIES, 0)
    late = settle(first.log, failed(6 * 3600), False, RETRIES, 0)
    assert late.again == 4 * 3600
    assert settle(late.log, failed(25 * 3600), False, RETRIES, 0).outcome == "given_up"


def test_the_wait_begins_when_the_first_try_is_over() -> None:
    assert settle(WebhookLog(), failed(0, seconds=15), False, RETRIES, 0).again == 5


def test_success_and_gone_end_it() -> None:
    good = Delivery(at=START, seconds=0.1, status=204)
    assert settle(WebhookLog(), good, False, RETRIES, 0).again is None
    gone = settle(WebhookLog(), failed(0), True, RETRIES, 0)
    assert (gone.outcome, gone.log.state, gone.again) == ("disabled", "disabled", None)
