"""The fuzz in short, and that it would tell of what it looks for."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.fuzz import Found, Fuzz, fuzz
from benchmarks.soak import running


@pytest.mark.processes
@pytest.mark.alone
@pytest.mark.timeout(240)
def test_nothing_that_is_damaged_makes_the_service_fail() -> None:
    with running('extends = "shipped"\n') as stack:
        found = fuzz(stack.settings.url, first=0, count=400)
    assert found.faults == []
    assert found.statuses[202] > 5 and found.statuses[422] > 50
    assert set(found.unanswered) <= {"ReadTimeout"}, "a call that waits for its job may take longer than it is asked"


class Failing(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        size = int(self.headers.get("Content-Length", "0"))
        self.rfile.read(size)
        self.send_response(503 if self.path.startswith("/jobs") else 500)
        self.end_headers()

    def do_POST(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        self.do_GET()

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


def test_it_tells_of_what_fails_and_not_of_what_is_busy() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Failing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        found = fuzz(f"http://127.0.0.1:{server.server_address[1]}", first=0, count=60)
    finally:
        server.shutdown()
        server.server_close()
    assert found.statuses[503] > 5 and found.statuses[500] == len(found.faults) > 5
    assert all(": 500 " in fault for fault in found.faults)


def test_a_number_makes_the_same_request_again() -> None:
    once, again = Fuzz(Found()), Fuzz(Found())
    assert [once.request(number) for number in range(300)] == [again.request(number) for number in range(300)]
