"""A proxy before Redis that loses an answer: the command arrives and is done, and then the connection is gone."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class LossyRedis:
    """Passes everything on; with `lose` set, the answer to the next request that holds these bytes is lost."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        self.lose: bytes | None = None
        self.lost = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._path)
                threading.Thread(target=self._serve, args=(client, server), daemon=True).start()

    def _serve(self, client: socket.socket, server: socket.socket) -> None:
        losing = threading.Event()
        threading.Thread(target=self._answer, args=(client, server, losing), daemon=True).start()
        with suppress(OSError):
            while data := client.recv(2**20):
                if self.lose is not None and self.lose in data:
                    self.lose = None
                    losing.set()
                server.sendall(data)
        server.close()

    def _answer(self, client: socket.socket, server: socket.socket, losing: threading.Event) -> None:
        with suppress(OSError):
            while data := server.recv(2**20):
                if losing.is_set():
                    self.lost += 1
                    break
                client.sendall(data)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)
        client.close()

    def close(self) -> None:
        self._listener.close()


@contextmanager
def lossy(path: str) -> Iterator[LossyRedis]:
    """Run a proxy before the Redis that listens at `path`."""
    proxy = LossyRedis(path)
    try:
        yield proxy
    finally:
        proxy.close()
