"""Whole pictures are decoded a few at a time, whatever calls for it."""

import asyncio
import threading
import time

import httpx
import pytest

from service.compat import masks
from service.jobs import threads
from tests.service.conftest import Live, png


def test_no_more_than_two_at_a_time_and_the_others_take_no_thread() -> None:
    running, most, lock = [0], [0], threading.Lock()

    def work(number: int) -> int:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.02)
        with lock:
            running[0] -= 1
        return number

    async def many() -> list[int]:
        return await asyncio.gather(*(threads.with_pixels(work, number) for number in range(8)))

    assert asyncio.run(many()) == list(range(8))
    assert most[0] == threads.AT_ONCE


def test_masks_of_other_apis_are_among_them(idle: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    running, most, lock, decode = [0], [0], threading.Lock(), masks.decode

    def counted(*args: object) -> object:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.05)
        with lock:
            running[0] -= 1
        return decode(*args)

    monkeypatch.setattr(masks, "decode", counted)
    parts = {"image": ("a.png", png()), "mask": ("b.png", png(mode="RGBA"))}

    async def many() -> list[int]:
        async with httpx.AsyncClient(base_url=idle.url, trust_env=False, timeout=30) as http:
            calls = (http.post("/v1/images/edits", files=parts, data={"prompt": "x"}) for _ in range(8))
            return [answer.status_code for answer in await asyncio.gather(*calls)]

    assert set(asyncio.run(many())) == {404}, "the drill has no engine that fills"
    assert most[0] == threads.AT_ONCE
