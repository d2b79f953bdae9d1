"""Pictures by URL: only from public machines, and only from the address that was checked."""

import asyncio
import ssl
import subprocess
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from shutil import which

import httpx
import pytest

from likeness.contract.errors import LikenessError, TooManyUploads, UploadTooLarge, UrlFailed, UrlNotAllowed
from service.http.fetch import Fetcher, checked_url
from service.http.memory import Memory
from service.http.public_hosts import is_public, resolve

PUBLIC = "93.184.216.34"


class Stream(httpx.AsyncByteStream):
    """A body that is not read yet, as a real connection gives it."""

    def __init__(self, *parts: bytes, pause: float = 0) -> None:
        self.parts, self.pause = parts, pause

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            await asyncio.sleep(self.pause)
            yield part


def whole(data: bytes) -> httpx.Response:
    return httpx.Response(200, stream=Stream(data))


class Names:
    """A name server of the test's own; counts what it is asked."""

    def __init__(self, **hosts: list[str]) -> None:
        self.hosts = {name.replace("_", "."): found for name, found in hosts.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str) -> list[str]:
        self.asked.append(host)
        if host not in self.hosts:
            raise OSError("unknown")
        return self.hosts[host]


def fetch(url: str, answer: Callable[[httpx.Request], httpx.Response], names: Names, **bounds: float) -> bytes:
    fetcher = Fetcher(int(bounds.get("max_bytes", 100)), bounds.get("seconds", 2), names, httpx.MockTransport(answer))
    return asyncio.run(fetcher.fetch(url))


def error_of(url: str, answer: Callable[[httpx.Request], httpx.Response], names: Names, **bounds: float):
    with pytest.raises(LikenessError) as caught:
        fetch(url, answer, names, **bounds)
    return caught.type


def test_it_connects_to_the_checked_address_with_the_name_in_sni_and_host() -> None:
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return whole(b"picture")

    names = Names(shop_example=[PUBLIC])
    assert fetch("https://shop.example/a.png?x=1#part", answer, names) == b"picture"
    assert str(seen[0].url) == f"https://{PUBLIC}/a.png?x=1"
    assert seen[0].headers["host"] == "shop.example"
    assert seen[0].extensions["sni_hostname"] == "shop.example"
    assert names.asked == ["shop.example"]
    assert "authorization" not in seen[0].headers and "cookie" not in seen[0].headers


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    names = Names(a_example=[PUBLIC, "10.0.0.1"], b_example=["::1"], c_example=[], d_example=["fe80::1%eth0"])
    for host in ("a.example", "b.example", "c.example", "d.example"):
        assert error_of(f"https://{host}/", lambda _: httpx.Response(200), names) is UrlNotAllowed
    assert error_of("https://unknown.example/", lambda _: httpx.Response(200), names) is UrlFailed


def test_redirects_are_checked_again() -> None:
    names = Names(a_example=[PUBLIC], b_example=[PUBLIC], inner_example=["192.168.0.1"])
    targets = {
        "/good": "https://b.example/end",
        "/relative": "end",
        "/private": "https://inner.example/",
        "/address": "https://127.0.0.1/",
        "/plain": "http://b.example/end",
        "/user": "https://u:p@b.example/end",
        "/loop": "/loop",
        "/none": "",
    }

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/end":
            return whole(b"picture")
        return httpx.Response(302, headers={"Location": targets[request.url.path]})

    assert fetch("https://a.example/good", answer, names) == b"picture"
    assert fetch("https://a.example/relative", answer, names) == b"picture"
    for path in ("/private", "/address", "/plain", "/user"):
        names.hosts["127.0.0.1"] = ["127.0.0.1"]
        assert error_of(f"https://a.example{path}", answer, names) is UrlNotAllowed
    for path in ("/loop", "/none"):
        names.asked.clear()
        assert error_of(f"https://a.example{path}", answer, names) is UrlFailed
        assert len(names.asked) == 4


def test_bounds() -> None:
    names = Names(a_example=[PUBLIC])
    url = "https://a.example/"
    assert error_of(url, lambda _: whole(bytes(101)), names) is UploadTooLarge
    assert len(fetch(url, lambda _: whole(bytes(100)), names)) == 100
    assert error_of(url, lambda _: httpx.Response(200, stream=Stream(b"a", pause=5)), names, seconds=0.1) is UrlFailed
    assert error_of(url, lambda _: httpx.Response(404), names) is UrlFailed
    packed = {"Content-Encoding": "gzip"}
    assert error_of(url, lambda _: httpx.Response(200, headers=packed, stream=Stream()), names) is UrlFailed


def test_pictures_fetched_count_as_memory_until_their_request_ends() -> None:
    """A picture by URL costs its caller no upload, so the bodies alone do not tell what is held."""
    names, memory = Names(shop_example=[PUBLIC]), Memory(500)
    slow = httpx.MockTransport(lambda _: httpx.Response(200, stream=Stream(bytes(50), bytes(50), pause=0.05)))
    fetcher = Fetcher(100, 5, names, slow)

    async def request(stored: asyncio.Event) -> bytes:
        with memory.held():
            picture = await fetcher.fetch("https://shop.example/a.png")
            await stored.wait()
            return picture

    async def five() -> list[bytes | BaseException]:
        stored = asyncio.Event()
        calls = [asyncio.create_task(request(stored)) for _ in range(5)]
        _, held = await asyncio.wait(calls, timeout=1)
        assert len(held) == 2 and memory.taken == 400, "what was fetched is held while it is stored"
        stored.set()
        return await asyncio.gather(*calls, return_exceptions=True)

    found = asyncio.run(five())
    assert sum(isinstance(one, TooManyUploads) for one in found) == 3
    assert memory.taken == 0
    assert len(asyncio.run(fetcher.fetch("https://shop.example/a.png"))) == 100


def test_another_address_is_tried_when_the_first_does_not_connect() -> None:
    names = Names(a_example=["2606:2800:220:1::1", PUBLIC, "93.184.216.35"])
    tried = []

    def answer(request: httpx.Request) -> httpx.Response:
        tried.append(request.url.host)
        if len(tried) < 3:
            raise httpx.ConnectError("no route")
        return whole(b"picture")

    assert fetch("https://a.example/", answer, names) == b"picture"
    assert tried == [PUBLIC, "93.184.216.35", "2606:2800:220:1::1"]


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:8.8.8.8",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "3fff::1",
        "3fff:fff::1",
        "2002:7f00:1::",
        "fc00::1",
        "fd12::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", PUBLIC, "2606:4700::1111", "2a00:1450:4001::1"])
def test_public_addresses(address: str) -> None:
    assert is_public(ip_address(address))


def test_ways_to_write_127_0_0_1() -> None:
    for host in ("127.1", "0x7f.1", "2130706433", "017700000001", "localhost"):
        found = asyncio.run(resolve(checked_url(f"https://{host}/").host))
        assert not any(is_public(ip_address(address.partition("%")[0])) for address in found)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "7")
        self.end_headers()
        self.wfile.write(b"picture")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Rerouted(httpx.AsyncHTTPTransport):
    """Connects for real, but to a port of this machine."""

    def __init__(self, port: int, trusted: Path) -> None:
        super().__init__(verify=ssl.create_default_context(cafile=str(trusted)))
        self._port = port

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(host="127.0.0.1", port=self._port)
        return await super().handle_async_request(request)


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A TLS server whose certificate is for shop.example."""
    if which("openssl") is None:
        pytest.skip("openssl is not installed")
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=shop.example"
    names = ["-addext", "subjectAltName=DNS:shop.example", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *names], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1], certificate
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_certificate_must_be_for_the_name(tls: tuple[int, Path]) -> None:
    def real(host: str) -> bytes:
        names = Names(shop_example=[PUBLIC], other_example=[PUBLIC])
        return asyncio.run(Fetcher(100, 5, names, Rerouted(*tls)).fetch(f"https://{host}/a.png"))

    assert real("shop.example") == b"picture"
    with pytest.raises(UrlFailed):
        real("other.example")
