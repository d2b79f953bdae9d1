"""Feeds batches to the queue while it leads: which of them, how many jobs of each, and what becomes of them.

Any number of feeders may run; one leads, by a lease, and another takes over when that is silent. All that it knows is
in Redis and the store, so whoever leads next goes on where it stopped.
"""

import asyncio
import time
from collections import Counter
from typing import Final

import structlog

from likeness.contract.errors import InputLost, Unavailable
from service.feeder.desk import Desk
from service.feeder.ending import Ender
from service.feeder.gathering import Gatherer
from service.feeder.sending import Sender, settled
from service.queue.batches import LeaseLost, new_token
from service.state import Services

TICK_SECONDS: Final = 0.25
"""How often it is looked at what has ended."""
IDLE_SECONDS: Final = 1.0
AT_ONCE: Final = 8
"""Items that are fetched, checked and sent at a time."""

log = structlog.get_logger()


class Feeder:
    """Feeds until `stop` is set."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._token = new_token()
        self._sender = Sender(services, self._token)
        self._gatherer = Gatherer(services, self._token)
        self._ender = Ender(services, self._token)
        self._desks: dict[str, Desk] = {}
        self._unreadable: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = 0
        self.stop = asyncio.Event()

    async def run(self) -> None:
        """Lead whenever nobody else does; Redis and the store may come and go."""
        while not self.stop.is_set():
            try:
                if await self._services.batches.lead(self._token):
                    await self._lead()
                else:
                    await self._rest(IDLE_SECONDS)
            except Unavailable as error:
                log.warning("batches are waiting", error=error.code)
                await self._rest(IDLE_SECONDS)
            except LeaseLost:
                log.warning("another feeder leads")
                await self._let_go()
            except Exception:  # the loop must outlive what nobody foresaw: else all batches would stand still
                log.exception("batches are waiting")
                await self._let_go()
                await self._rest(IDLE_SECONDS)
        await self._let_go()
        await self._services.batches.resign(self._token)

    async def _lead(self) -> None:
        """Look at every batch, then send items until it is time to look again."""
        await self._open()
        for desk in list(self._desks.values()):
            await self._gatherer.gather(desk)
            await self._ender.look(desk)
            await desk.refill(self._services)
        until = time.monotonic() + (TICK_SECONDS if self._desks else IDLE_SECONDS)
        while (left := until - time.monotonic()) > 0 and not self.stop.is_set():
            await self._send()
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            else:
                await self._rest(min(left, TICK_SECONDS))

    async def _open(self) -> None:
        """Have a desk for each batch that has not ended, and for no other."""
        ids = list(await self._services.batches.open())
        found = await self._services.batches.several(ids) if ids else []
        batches = {batch.id: batch for batch in found if batch is not None}
        self._desks = {one: desk for one, desk in self._desks.items() if one in batches}
        self._unreadable &= batches.keys()
        for batch_id, batch in batches.items():
            if batch_id in self._desks:
                self._desks[batch_id].renew(batch)
                continue
            try:
                self._desks[batch_id] = await Desk.open(self._services, batch)
            except InputLost as error:
                if batch_id not in self._unreadable:  # it is tried again at every look, and told once
                    log.warning("a batch cannot be read", batch=batch_id, error=error.detail)
                self._unreadable.add(batch_id)
            else:
                self._unreadable.discard(batch_id)

    async def _send(self) -> None:
        """Begin to send items, one of each batch after the other, as many as there are places for."""
        began = True
        while began and len(self._tasks) < AT_ONCE:
            began = False
            for desk, room in self._rooms():
                if len(self._tasks) < AT_ONCE and room > 0:
                    began = await self._begin(desk, room) or began

    def _rooms(self) -> list[tuple[Desk, int]]:
        """Return the batches that have something to send, each with how many more jobs it may have in the queue.

        Owners share the window equally, and each owner's batches what it gets; who came last begins.
        """
        desks = [desk for desk in self._desks.values() if desk.feeds and self._sender.may(desk.batch.owner)]
        batches = Counter(desk.batch.owner for desk in desks)
        self._turn += 1
        start = self._turn % max(1, len(desks))
        window = self._services.settings.batch_window
        shares = {owner: max(1, window // len(batches) // count) for owner, count in batches.items()}
        rooms = [
            (desk, shares[desk.batch.owner] - len(desk.queued) + len(desk.unsent))
            for desk in (*desks[start:], *desks[:start])
        ]
        return rooms

    async def _begin(self, desk: Desk, room: int) -> bool:
        """Begin to send the next item of a batch; return whether there was one."""
        unsent, waiting = desk.take(room)
        places = unsent or (await self._sender.claim(desk, waiting) if waiting else [])
        if not places:
            return bool(waiting)
        desk.sending.update(places)
        task = asyncio.create_task(self._sender.send(desk, places))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def _rest(self, seconds: float) -> None:
        """Return after so many seconds, or when it is time to stop."""
        try:
            await asyncio.wait_for(self.stop.wait(), seconds)
        except TimeoutError:
            return

    async def _let_go(self) -> None:
        """Forget everything in mind: what was being sent is claimed, and is sent by whoever leads next."""
        await settled(self._tasks)
        self._desks.clear()
