"""The span of the current request; the steps of accepting a job are its children."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from likeness.contract.errors import LikenessError
from likeness.observability.tracing import Kind, Span

_current: Final[ContextVar[Span]] = ContextVar("span")


@contextmanager
def within(span: Span) -> Iterator[None]:
    """Make `span` that of the request while the block runs."""
    token = _current.set(span)
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def step(name: str, kind: Kind = "internal") -> Iterator[Span]:
    """Record the block as a step of the request; outside a request nothing is recorded."""
    span = _current.get(Span()).child(name, kind=kind)
    try:
        yield span
    except LikenessError as error:
        span.end(error=error.code)
        raise
    except BaseException as error:
        span.end(error=type(error).__name__)
        raise
    span.end()
