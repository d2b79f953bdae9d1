"""A tiny real HTTP server that answers what a test tells it to, and remembers what it was asked."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

JOB = {"id": "j1", "kind": "recreate", "status": "queued", "created_at": "2026-01-02T03:04:05Z", "position": 0}
REPORT = {
    "frame": [{"name": "width", "given": 8, "made": 8, "equal": True}],
    "fidelity": [{"name": "ssim", "value": 0.9, "unit": "ratio", "higher_is_better": True, "reason": None}],
    "verdict": "accepted",
    "reasons": ["frame equal; every threshold met"],
}
IMAGE = {"url": "/jobs/j1/images/0", "width": 8, "height": 8, "mode": "RGB", "format": "png", "sha256": "0", "seed": 1}
RESULT = {
    "images": [{**IMAGE, "report": REPORT, "later": "a field of a newer service"}],
    "engine": {"name": "starter"},
    "recipe": {},
    "timings": {"queued": 1.0, "denoising": 0.25, "assessing": 0.25},
}
ROW = {"run": 0, "rank": 1, "engine": "starter", "parameters": {"strength": 0.3}, "image": 0, "verdict": "accepted"}
ROW |= {"merit": 0.85, "figures": REPORT["fidelity"], "seconds": 1.5}
FAILED_ROW = {"run": 1, "engine": "starter-edit", "parameters": {"steps": 4}}
FAILED_ROW["error"] = {"code": "timeout", "detail": "too long", "fault": "engine"}
ADVICE = {"run": 0, "reasons": ["run 0 (starter) was accepted.", "It took 1.50 s."]}
COMPARISON = {"runs": [ROW, FAILED_ROW], "merit": "ssim", "recommendation": ADVICE, "sheet": "/jobs/j1/sheet"}
SAME = {"original": 0, "original_sha256": "0", "image": 0, "sameness": "bitwise", "reasons": ["every byte is equal"]}
DONE = {**JOB, "status": "succeeded", "result": RESULT}


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    headers: Message
    body: bytes


@dataclass
class Answer:
    """What to say: an object as JSON, or bytes; a status of 0 hangs up instead."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def problem(status: int, code: str, detail: str = "no", **headers: str) -> Answer:
    body = {"title": "No", "status": status, "code": code, "detail": detail, "errors": []}
    return Answer(body, status, {name.replace("_", "-"): value for name, value in headers.items()})


class Stub:
    """The server: `answers` are given in order, the last one for ever; or `answer` decides."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[Asked] = []
        self.answers: list[Answer] = []
        self.answer: Callable[[Asked], Answer] = lambda _asked: (
            self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        )


@contextmanager
def running() -> Iterator[Stub]:
    """Run a server on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = Asked(self.command, self.path, self.headers, body)
            stub.asked.append(asked)
            answer = stub.answer(asked)
            if answer.status == 0:
                self.close_connection = True
                return
            data = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(data)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815  the names that http.server calls

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    stub = Stub(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
