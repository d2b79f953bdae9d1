"""Reading request headers, as the RFCs say."""

import pytest

from likeness.contract.errors import RangeNotSatisfiable
from service.http.headers import best_media_type, byte_range, etag_matches, preferred_wait

JSON, PNG = "application/json", "image/png"


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        ("wait=10", 10),
        ('wait="10"', 10),
        ("respond-async, WAIT = 5", 5),
        ("handling=lenient; wait=7", 7),
        ("wait=3600", 60),
        ("wait=0", 0),
        ("", None),
        ("wait", None),
        ("wait=-1", None),
        ("wait=1.5", None),
        ("await=5", None),
        ("wait=" + "9" * 50, None),
    ],
)
def test_prefer(prefer: str, seconds: int | None) -> None:
    assert preferred_wait(prefer) == seconds


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=2-4", (2, 5)),
        ("bytes=2-", (2, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-30", (0, 10)),
        ("bytes=9-99", (9, 10)),
        ("bytes=4-2", None),
        ("bytes=0-1,3-4", None),
        ("lines=0-1", None),
        ("bytes=" + "9" * 40 + "-", None),
    ],
)
def test_range(header: str, found: tuple[int, int] | None) -> None:
    assert byte_range(header, 10) == found


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-11", "bytes=-0"])
def test_range_outside(header: str) -> None:
    with pytest.raises(RangeNotSatisfiable):
        byte_range(header, 10)


def test_etags() -> None:
    assert etag_matches('"a"', '"a"') and etag_matches('W/"a"', '"a"') and etag_matches('"b", "a"', '"a"')
    assert etag_matches("*", '"a"')
    assert not etag_matches('"b"', '"a"') and not etag_matches("a", '"a"')


@pytest.mark.parametrize(
    ("accept", "best"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("image/png", PNG),
        ("image/*;q=0.5, application/json;q=0.4", PNG),
        ("image/png, application/json", JSON),
        ("IMAGE/PNG", PNG),
        ("application/json;q=0", None),
        ("*/*;q=0", None),
        ("text/html", None),
        ("image/png;q=nonsense", None),
        (",,;q", None),
    ],
)
def test_accept(accept: str, best: str | None) -> None:
    assert best_media_type(accept, [JSON, PNG]) == best
