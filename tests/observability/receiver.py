"""A real OTLP/HTTP receiver: takes spans as a collector does, and keeps them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Received:
    """One span."""

    program: str
    name: str
    trace: str
    id: str
    parent: str
    kind: int
    start: int
    end: int
    attributes: dict[str, str]
    events: list[str]
    links: list[str]
    error: bool


@dataclass
class Receiver:
    """What has arrived."""

    url: str = ""
    spans: list[Received] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    news: threading.Condition = field(default_factory=threading.Condition)
    answering: threading.Event = field(default_factory=threading.Event)

    def take(self, body: bytes) -> None:
        found = list(_spans(ExportTraceServiceRequest.FromString(body)))
        with self.news:
            self.raw.append(body)
            self.spans += found
            self.news.notify_all()

    def trace(self, trace: str, complete: Callable[[list[Received]], bool], seconds: float = 60) -> list[Received]:
        """Return the spans of a trace once they are complete."""
        of = lambda: [span for span in self.spans if span.trace == trace]  # noqa: E731
        with self.news:
            assert self.news.wait_for(lambda: complete(of()), seconds), [span.name for span in of()]
            return of()


def _spans(request: ExportTraceServiceRequest) -> Iterator[Received]:
    for resource in request.resource_spans:
        program = next(one.value.string_value for one in resource.resource.attributes if one.key == "service.name")
        for span in (span for scope in resource.scope_spans for span in scope.spans):
            yield Received(
                program,
                span.name,
                span.trace_id.hex(),
                span.span_id.hex(),
                span.parent_span_id.hex(),
                span.kind,
                span.start_time_unix_nano,
                span.end_time_unix_nano,
                {one.key: one.value.string_value or str(one.value.int_value) for one in span.attributes},
                [event.name for event in span.events],
                [link.span_id.hex() for link in span.links],
                span.status.code == 2,
            )


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    receiver.answering.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.answering.wait(60)
            receiver.take(body)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield receiver
    finally:
        receiver.answering.set()
        server.shutdown()
        server.server_close()
