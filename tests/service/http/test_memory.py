"""What requests take together, and what one key may take of it."""

import json
import tracemalloc

import pytest

from likeness.contract.errors import TooManyUploads
from service.http.memory import Memory, held
from service.http.strict_json import loads


def test_memory_is_given_back_when_its_request_ends() -> None:
    memory = Memory(100)
    with memory.held() as first, memory.held() as second:
        first.take(60)
        with pytest.raises(TooManyUploads):
            second.take(50)
        second.take(40)
        assert memory.taken == 100
    assert memory.taken == 0


def test_a_request_alone_is_never_refused() -> None:
    memory = Memory(100)
    with memory.held() as one:
        one.take(90)
        one.take(90)
        with memory.held() as other, pytest.raises(TooManyUploads):
            other.take(1)


def test_a_key_has_its_share_also_of_what_was_taken_before_it_was_known() -> None:
    memory = Memory(100, share=50)
    with memory.held() as first, memory.held() as second, memory.held() as third:
        first.take(30)
        first.owned_by("greedy")
        second.owned_by("greedy")
        with pytest.raises(TooManyUploads):
            second.take(30)
        third.owned_by("other")
        third.take(30)
        second.take(20)
    assert memory.taken == 0


def test_what_is_fetched_is_counted_to_the_request_that_it_is_for() -> None:
    memory = Memory(100)
    with memory.held() as outer:
        held().take(10)
        assert outer.size == memory.taken == 10
    held().take(10**12)
    assert memory.taken == 0


def test_one_character_beyond_ascii_does_not_make_the_whole_text_of_a_body_wide() -> None:
    sent = {"image": "a" * 4_000_000, "prompt": "a pair of \N{JEANS}"}
    body = bytearray(json.dumps(sent, ensure_ascii=False).encode())
    size = len(body)
    tracemalloc.start()
    try:
        assert loads(body) == sent
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3.5 * size, "at four bytes a character the text alone takes four times its size"
