"""Spans exported by OTLP over HTTP. The only file that knows OpenTelemetry; setup.py imports it when needed.

Endpoint, headers, sampler, bounds of the queue and of a span's events are OpenTelemetry's own environment variables
(OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER, OTEL_BSP_MAX_QUEUE_SIZE, OTEL_SPAN_EVENT_COUNT_LIMIT, ...). Spans
wait in a bounded queue for a thread of their own, so an endpoint that is away costs spans, never a job.
"""

import threading
from typing import Final, Unpack

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from likeness import __version__
from likeness.observability.tracing import Attributes, Kind, Span, SpanOptions, Tracing

CLOSE_SECONDS: Final = 3.0
"""Longest time that a program which ends waits for its last spans to be taken."""
KINDS: Final[dict[Kind, trace.SpanKind]] = {
    "internal": trace.SpanKind.INTERNAL,
    "server": trace.SpanKind.SERVER,
    "producer": trace.SpanKind.PRODUCER,
    "consumer": trace.SpanKind.CONSUMER,
}


class OtlpTracing(Tracing):
    """Spans of one program, on their way to the endpoint of the environment."""

    def __init__(self, program: str) -> None:
        resource = Resource.create({"service.name": program, "service.version": __version__})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("likeness", __version__)

    def span(self, name: str, traceparent: str | None, **options: Unpack[SpanOptions]) -> Span:
        """Begin a span below `traceparent`, or with None a trace of its own."""
        begun = self._tracer.start_span(
            name,
            TraceContextTextMapPropagator().extract({"traceparent": traceparent or ""}, context=Context()),
            KINDS[options.get("kind", "internal")],
            options.get("attributes"),
            [trace.Link(_context(link)) for link in options.get("links", ())],
            _nanoseconds(options.get("at")),
        )
        return OtlpSpan(self, begun)

    def close(self) -> None:
        """Export what is left, for CLOSE_SECONDS at most."""
        last = threading.Thread(target=self._provider.shutdown, daemon=True)
        last.start()
        last.join(CLOSE_SECONDS)


class OtlpSpan(Span):
    """A span that is recorded, unless the sampler or the caller's trace says that it is not to be."""

    def __init__(self, tracing: OtlpTracing, span: trace.Span) -> None:
        context = span.get_span_context()
        super().__init__(f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}")
        self._tracing, self._span = tracing, span

    def child(self, name: str, **options: Unpack[SpanOptions]) -> Span:
        """Begin a span below this one."""
        return self._tracing.span(name, self.traceparent, **options)

    def set(self, attributes: Attributes) -> None:
        """Say more of the span."""
        self._span.set_attributes(attributes or {})

    def event(self, name: str, at: float | None = None, attributes: Attributes = None) -> None:
        """Say what happened within the span."""
        self._span.add_event(name, attributes, _nanoseconds(at))

    def end(self, at: float | None = None, *, name: str | None = None, error: str | None = None) -> None:
        """End the span."""
        if name is not None:
            self._span.update_name(name)
        if error is not None:
            self._span.set_attribute("error.type", error)
            self._span.set_status(trace.StatusCode.ERROR, error)
        self._span.end(_nanoseconds(at))


def _context(traceparent: str) -> trace.SpanContext:
    context = TraceContextTextMapPropagator().extract({"traceparent": traceparent}, context=Context())
    return trace.get_current_span(context).get_span_context()


def _nanoseconds(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds * 1e9)
