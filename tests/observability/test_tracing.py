"""Spans: where they go, what they are told by, and what there is of them without an endpoint."""

import socket
import subprocess
import sys
import time

import pytest
from structlog.testing import capture_logs

from likeness.observability.otlp import CLOSE_SECONDS, OtlpTracing
from likeness.observability.setup import open_tracing
from likeness.observability.tracing import Tracing, valid
from tests.observability.receiver import receiving
from tests.support.places import ROOT

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GIVEN = f"00-{TRACE}-{PARENT}-01"


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"01-{TRACE}-{PARENT}-01",
        GIVEN.upper(),
        f"{GIVEN}\n",
        f"{GIVEN}-more",
    ],
)
def test_what_is_no_traceparent_is_not_carried_on(text: str | None) -> None:
    assert valid(text) is None


def test_without_an_endpoint_a_callers_trace_is_carried_on_and_nothing_recorded() -> None:
    tracing = open_tracing("test", {})
    assert type(tracing) is Tracing
    assert (
        type(open_tracing("test", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_SDK_DISABLED": "true"})) is Tracing
    )
    span = tracing.span("POST", valid(GIVEN)).child("enqueue")
    span.event("step")
    span.end()
    assert span.traceparent == GIVEN
    assert tracing.span("POST", None).traceparent is None


def test_without_an_endpoint_the_exporter_is_not_imported() -> None:
    code = (
        "import sys, service.app, worker.__main__; service.app.create_app(); OTLP = 'likeness.observability.otlp'\n"
        "sys.exit(any(name.startswith((OTLP, 'opentelemetry.exporter')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=100).returncode == 0


def test_an_endpoint_without_the_extra_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "likeness.observability.otlp", None)
    with capture_logs() as logs:
        tracing = open_tracing("test", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"})
    assert type(tracing) is Tracing
    assert [line["event"] for line in logs] == ["traces are off: install likeness[telemetry]"]


def test_the_last_spans_are_exported_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "600000")
        tracing = open_tracing("test")
        run = tracing.span("run", GIVEN, kind="consumer", attributes={"likeness.job": "j"})
        run.child("denoising", at=5.0).end(7.5)
        run.end(error="timeout")
        tracing.close()
        spans = {span.name: span for span in receiver.spans}
    assert spans["run"].parent == PARENT and spans["run"].error and spans["run"].attributes["error.type"] == "timeout"
    assert spans["denoising"].parent == spans["run"].id
    assert (spans["denoising"].start, spans["denoising"].end) == (5_000_000_000, 7_500_000_000)


def test_an_endpoint_that_is_away_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as listening:  # takes connections, and never answers
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{listening.getsockname()[1]}")
        monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "512")
        tracing = OtlpTracing("test")
        began = time.monotonic()
        for _ in range(5000):  # many more than the queue holds
            tracing.span("POST", None).end()
        tracing.close()
        assert time.monotonic() - began < CLOSE_SECONDS + 15
