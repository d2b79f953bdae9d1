"""Delivers webhooks: claims what is due, tries, and writes down what became of it, until told to stop.

Any number of these may run. An end is told at least once: whoever dies between a receiver's answer and writing it down
leaves the end to be told again, under the same webhook-id.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final

import structlog

from likeness.contract.catalogue import Catalogue
from likeness.contract.deliveries import Delivery, WebhookLog, WebhookState
from likeness.contract.errors import QueueUnavailable
from service.auth.keys import Keys
from service.config import Settings
from service.webhooks.event import event_id, event_of
from service.webhooks.outbox import READ_SECONDS, Due, Outbox, Settled
from service.webhooks.sender import Sender
from service.webhooks.target import signing_secrets

MOST_AT_ONCE: Final = 32
MOST_OF_ONE: Final = MOST_AT_ONCE // 2
"""Tries at one time for one key: receivers of one that hang leave places for others."""
POSTPONE_SECONDS: Final = 1.0
IDLE_SECONDS: Final = 1.0
"""Longest time until what is due is seen."""
LEASES: Final = 2
"""A claim lasts so many times what a try may take."""
JITTER: Final = 0.1
"""Share of the wait before a try by which it may be longer, so that tries do not come all at once."""
UNSIGNED: Final = "the key has no secret to sign with, or is revoked"
SAID_GONE: Final = "not tried: the receiver answered lately, to another webhook, that it is gone"

log = structlog.get_logger()


class Deliverer:
    """Delivers until `stop` is set; what is under way is then finished."""

    def __init__(self, outbox: Outbox, settings: Settings, keys: Keys, catalogue: Catalogue) -> None:
        self._outbox, self._settings, self._keys, self._catalogue = outbox, settings, keys, catalogue
        self._sender = Sender(settings.webhook_seconds, settings.webhook_private)
        self._busy: Counter[str] = Counter()
        self._tries: set[asyncio.Task[None]] = set()
        self.stop = asyncio.Event()

    async def run(self) -> None:
        """Deliver what is due, wait for more, and so on; Redis may come and go."""
        while not self.stop.is_set():
            try:
                await self._turn()
            except QueueUnavailable as error:
                log.warning("webhooks are waiting", error=error.code)
                await asyncio.sleep(IDLE_SECONDS)
        if self._tries:
            await asyncio.wait(self._tries, timeout=self._settings.webhook_seconds + READ_SECONDS)

    async def _turn(self) -> None:
        """Start a try for each end that is due and that there is a place for; wait when there is none."""
        free = MOST_AT_ONCE - len(self._tries)
        if not free:
            await asyncio.wait(self._tries, return_when=asyncio.FIRST_COMPLETED)
            return
        found, gone = await self._outbox.take(free, LEASES * self._settings.webhook_seconds)
        for job_id in gone:
            log.warning("webhook dropped: its job no longer exists", job=job_id)
        for due in found:
            await self._start(due)
        if not found:
            await self._idle()

    async def _idle(self) -> None:
        """Return when there may be something to do, or to stop for."""
        stopping = asyncio.create_task(self.stop.wait())
        waiting = asyncio.create_task(self._outbox.wait(IDLE_SECONDS))
        await asyncio.wait((stopping, waiting), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if waiting.done():
            waiting.result()
        else:
            waiting.cancel()
            await asyncio.wait((waiting,))

    async def _start(self, due: Due) -> None:
        if self._busy[due.owner] >= MOST_OF_ONE:
            await self._outbox.postpone(due, POSTPONE_SECONDS)
            return
        self._busy[due.owner] += 1
        task = asyncio.create_task(self._try(due))
        self._tries.add(task)
        task.add_done_callback(self._tries.discard)

    async def _try(self, due: Due) -> None:
        try:
            await self._tell(due)
        except QueueUnavailable as error:
            log.warning("could not record a delivery; it will be repeated", job=due.job_id, error=error.code)
        except Exception:
            log.exception("webhook not delivered", job=due.job_id)  # its lease lapses, and it is tried again
        finally:
            self._busy[due.owner] -= 1
            self._busy += Counter()  # forget keys with none under way

    async def _tell(self, due: Due) -> None:
        body = due.body if due.job is None else event_of(due.job, self._catalogue)
        gone = await self._outbox.disabled(due.owner, due.url)
        delivery = _not_tried(SAID_GONE) if gone else await self._delivery(due, body)
        if delivery.status == HTTPStatus.GONE:
            await self._outbox.disable(due.owner, due.url)
            gone = True
        settled = settle(due.log, delivery, gone, self._settings.webhook_retries, random.random())  # noqa: S311  jitter
        ours = await self._outbox.settle(due, body, settled)
        log.info(
            "webhook", job=due.job_id, outcome=settled.outcome, status=delivery.status, why=delivery.error, ours=ours
        )

    async def _delivery(self, due: Due, body: bytes) -> Delivery:
        """Make a try, if there is something to sign it with."""
        if secrets := signing_secrets(due.owner, self._keys, self._settings):
            return await self._sender.deliver(due.url, event_id(due.job_id), body, secrets)
        return _not_tried(UNSIGNED)


def _not_tried(why: str) -> Delivery:
    return Delivery(at=datetime.now(UTC), seconds=0, error=why)


def settle(so_far: WebhookLog, delivery: Delivery, gone: bool, retries: Sequence[float], chance: float) -> Settled:
    """Return what becomes of an end after a try: told, given up, or tried again at the next of its times.

    `retries` are seconds after the first try; those that have passed are passed over. `chance` is 0..1.
    """
    tries = [*so_far.deliveries, delivery]
    if delivery.error is None:
        return Settled("delivered", WebhookLog(state=WebhookState.DELIVERED, deliveries=tries), None)
    if gone:
        return Settled("disabled", WebhookLog(state=WebhookState.DISABLED, deliveries=tries), None)
    first, now = _ended(tries[0]), _ended(delivery)
    waits = [wait for seconds in retries if (wait := seconds - (now - first).total_seconds()) > 0]
    if not waits:
        return Settled("given_up", WebhookLog(state=WebhookState.FAILED, deliveries=tries), None)
    again = min(waits) * (1 + JITTER * chance)
    next_at = now + timedelta(seconds=again)
    return Settled("failed", WebhookLog(state=WebhookState.PENDING, deliveries=tries, next_at=next_at), again)


def _ended(delivery: Delivery) -> datetime:
    return delivery.at + timedelta(seconds=delivery.seconds)
