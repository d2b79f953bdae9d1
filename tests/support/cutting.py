"""A real TCP proxy that cuts connections in the middle of an answer, after the request has reached the service."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

CHUNK = 65536


class Cutter:
    """The proxy. `cuts` has for each connection to come how many bytes of answers pass before it is cut.

    With 0 it is cut when the answer begins to come, so that whatever was asked has been done. Connections after those
    are left alone.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._upstream = (parts.hostname or "", parts.port or 80)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.cuts: list[int] = []
        self.cut = 0
        self._open: list[socket.socket] = []

    def run(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            service = socket.create_connection(self._upstream)
            self._open += [client, service]
            limit = self.cuts.pop(0) if self.cuts else None
            for source, target, most in ((client, service, None), (service, client, limit)):
                threading.Thread(target=self._pass, args=(source, target, most), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, most: int | None) -> None:
        try:
            while data := source.recv(CHUNK):
                target.sendall(data if most is None else data[:most])
                if most is not None and (most := most - len(data)) <= 0:
                    self.cut += 1
                    break
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        for one in (self._listening, *self._open):
            one.close()


@contextmanager
def cutting(url: str) -> Iterator[Cutter]:
    """Run a proxy before the service at `url`."""
    cutter = Cutter(url)
    thread = threading.Thread(target=cutter.run, daemon=True)
    thread.start()
    try:
        yield cutter
    finally:
        cutter.close()
        thread.join(10)
