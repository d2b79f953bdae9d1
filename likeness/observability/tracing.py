"""Traces, as the service and the workers write them: spans that know their place by a W3C `traceparent`.

`setup.py` chooses where they go. A span says which job, engine, stage and step it is of; never what was asked, what the
image shows, or whose key it was.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypedDict, Unpack

Attributes = Mapping[str, str | int | float | bool] | None
Kind = Literal["internal", "server", "producer", "consumer"]

TRACEPARENT: Final = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
"""Version 00 of https://www.w3.org/TR/trace-context/; an id that is all zeros is none."""


def valid(traceparent: str | None) -> str | None:
    """Return a `traceparent` that may be carried on, or None for what is none."""
    return traceparent if traceparent and TRACEPARENT.fullmatch(traceparent) else None


class SpanOptions(TypedDict, total=False):
    """What a span may be begun with, beside its name."""

    at: float | None
    """When, in Unix seconds; now by default."""
    kind: Kind
    """"internal" by default."""
    links: Sequence[str]
    """Traceparents of other spans that it has to do with."""
    attributes: Attributes


class Span:
    """A span that nobody records: what is begun below it belongs where it belongs itself."""

    def __init__(self, traceparent: str | None = None) -> None:
        self.traceparent = traceparent
        """How to name it as a parent elsewhere; None where there is no trace."""

    def child(self, name: str, **options: Unpack[SpanOptions]) -> "Span":
        """Begin a span below this one."""
        return self

    def set(self, attributes: Attributes) -> None:
        """Say more of the span."""

    def event(self, name: str, at: float | None = None, attributes: Attributes = None) -> None:
        """Say what happened within the span, now or `at` (Unix seconds)."""

    def end(self, at: float | None = None, *, name: str | None = None, error: str | None = None) -> None:
        """End the span, now or `at` (Unix seconds), under a better `name`; `error` is the code of what failed."""


class Tracing:
    """Where spans go: nowhere, unless `setup.open_tracing` finds an endpoint."""

    def span(self, name: str, traceparent: str | None, **options: Unpack[SpanOptions]) -> Span:
        """Begin a span below `traceparent`, or with None a trace of its own."""
        return Span(traceparent)

    def close(self) -> None:
        """Export what is left, for a few seconds at most."""
