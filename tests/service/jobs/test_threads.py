"""Whole pictures are decoded a few at a time, whatever calls for it."""

import asyncio
import threading
import time
from collections.abc import Callable

import httpx
import pytest

from service.compat import masks
from service.jobs import threads
from tests.service.conftest import Live, png


class Counted:
    """A function that takes `seconds` longer, and how many threads were in it at once, at the most."""

    def __init__(self, function: Callable[..., object], seconds: float) -> None:
        self.function, self.seconds = function, seconds
        self.running, self.most, self.lock = 0, 0, threading.Lock()

    def __call__(self, *arguments: object) -> object:
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
        time.sleep(self.seconds)
        with self.lock:
            self.running -= 1
        return self.function(*arguments)


def test_no_more_than_two_at_a_time_and_the_others_take_no_thread() -> None:
    work = Counted(lambda number: number, 0.02)

    async def many() -> list[object]:
        return await asyncio.gather(*(threads.with_pixels(work, number) for number in range(8)))

    assert asyncio.run(many()) == list(range(8))
    assert work.most == threads.AT_ONCE


def test_masks_of_other_apis_are_among_them(idle: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted(masks.decode, 0.05)
    monkeypatch.setattr(masks, "decode", counted)
    parts = {"image": ("a.png", png()), "mask": ("b.png", png(mode="RGBA"))}

    async def many() -> list[int]:
        async with httpx.AsyncClient(base_url=idle.url, trust_env=False, timeout=30) as http:
            calls = (http.post("/v1/images/edits", files=parts, data={"prompt": "x"}) for _ in range(8))
            return [answer.status_code for answer in await asyncio.gather(*calls)]

    assert set(asyncio.run(many())) == {404}, "the drill has no engine that fills"
    assert counted.most == threads.AT_ONCE
