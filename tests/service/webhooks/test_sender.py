"""Where a webhook may go: nowhere but to public machines, by https, and not on to another one."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from likeness.contract.errors import InvalidField
from service.webhooks.sender import Sender
from service.webhooks.target import target_of
from tests.service.conftest import Live, png
from tests.service.http.test_bad_input import assert_problem
from tests.service.http.test_fetch import tls
from tests.service.webhooks.conftest import PATIENCE, SECRET, Receiver

__all__ = ["tls"]

PUBLIC = "93.184.216.34"
INNER = ["127.0.0.1", "10.0.0.8", "192.168.1.1", "172.16.0.1", "169.254.169.254", "[::1]", "[fd12::1]", "[fe80::1]"]
INNER += ["[::ffff:127.0.0.1]", "[::ffff:10.0.0.8]", "[64:ff9b::7f00:1]", "0.0.0.0", "100.64.0.1"]
DISGUISED = ["2130706433", "0x7f000001", "0x7f.1", "017700000001", "127.1", "127.0.0.1."]
NAMES = ["localhost", "db.internal", "printer.local", "router", "a.localhost", "host.lan"]


@pytest.fixture
def listener() -> Iterator[tuple[int, list[object]]]:
    """A port of this machine, and whoever connected to it."""
    came: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        done = threading.Event()

        def accept() -> None:
            while not done.is_set():
                try:
                    came.append(server.accept()[0].close())
                except TimeoutError:
                    continue

        thread = threading.Thread(target=accept)
        thread.start()
        yield server.getsockname()[1], came
        done.set()
        thread.join()


def deliver(sender: Sender, url: str):
    return asyncio.run(sender.deliver(url, "msg_1", b"{}", [SECRET]))


@pytest.mark.parametrize("host", INNER + DISGUISED + NAMES)
def test_hosts_that_are_not_public_are_refused_by_their_text_and_never_connected_to(host: str, listener) -> None:
    port, came = listener
    with pytest.raises(InvalidField):
        target_of(f"https://{host}:{port}/hook", private=False)
    found = deliver(Sender(2, private=False), f"https://{host}:{port}/hook")
    assert found.error and found.status is None and not came


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["10.0.0.8"], [PUBLIC, "169.254.169.254"], ["::1"], ["::ffff:7f00:1"]]
)
def test_a_public_name_of_a_private_address_is_refused_at_connect(addresses: list[str], listener) -> None:
    port, came = listener

    async def resolve(host: str) -> list[str]:
        assert host == "shop.example.com"
        return addresses

    found = deliver(Sender(2, private=False, resolve=resolve), f"https://shop.example.com:{port}/hook")
    assert found.error == "the host has an address that is not public"
    assert not came


def test_it_connects_to_the_address_that_was_checked() -> None:
    asked: list[httpx.Request] = []
    names = iter([[PUBLIC], ["127.0.0.1"]])

    async def resolve(_host: str) -> list[str]:
        return next(names)

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200)

    sender = Sender(2, private=False, resolve=resolve, transport=httpx.MockTransport(answer))
    assert deliver(sender, "https://shop.example.com:8443/hook?a=b#c").error is None
    (request,) = asked
    assert str(request.url) == f"https://{PUBLIC}:8443/hook?a=b"
    assert request.headers["host"] == "shop.example.com:8443"
    assert request.extensions["sni_hostname"] == "shop.example.com"
    assert "authorization" not in request.headers and "cookie" not in request.headers


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.statuses = [307]
    found = deliver(Sender(5, private=True), receiver.url)
    assert found.status == 307 and "redirect" in (found.error or "")
    assert receiver.got.qsize() == 1


def test_what_is_not_answered_is_said_without_a_word_of_the_receiver(listener) -> None:
    port, _ = listener
    assert deliver(Sender(5, private=True), f"http://127.0.0.1:{port}/").error == (
        "the receiver could not be reached, or closed the connection"
    )
    assert deliver(Sender(5, private=True), "http://unknown.invalid/").error == "the name of the host is not known"


def test_the_certificate_must_be_for_the_name(tls: tuple[int, Path]) -> None:
    port, certificate = tls

    async def resolve(_host: str) -> list[str]:
        return ["127.0.0.1"]

    trusted = ssl.create_default_context(cafile=str(certificate))
    sender = Sender(PATIENCE, private=True, resolve=resolve, trusted=trusted)
    assert deliver(sender, f"https://shop.example:{port}/").status == 501, "it was asked; it takes no POST"
    assert deliver(sender, f"https://other.example:{port}/").status is None
    strangers = Sender(PATIENCE, private=True, resolve=resolve)
    assert deliver(strangers, f"https://shop.example:{port}/").status is None


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example.com/hook",
        "https://user:secret@shop.example.com/",
        "https:///hook",
        "ftp://shop.example.com/",
        "shop.example.com/hook",
        "https://shop.example.com/a b",
        "https://bücher.example.com/",
        "https://[::1",
    ],
)
def test_urls_that_are_refused(url: str) -> None:
    with pytest.raises(InvalidField):
        target_of(url, private=False)


def test_what_post_says_of_a_webhook(serve) -> None:
    live: Live = serve(webhook_secret=SECRET)
    picture = {"image": ("a.png", png())}
    for url in ("http://shop.example.com/", "https://127.0.0.1/", "https://2130706433/", "x" * 2049):
        for query in ("", "?dry_run=true"):
            answer = live.http.post(f"/recreate{query}", files=picture, data={"webhook": url})
            assert_problem(answer, 422, "invalid_field")
            assert answer.json()["errors"][0]["pointer"] == "#/webhook"
    answer = live.http.post("/recreate", files=picture, data={"webhook": "https://shop.example.com/hook"})
    assert answer.status_code == 202
    assert (
        live.http.post("/generate", json={"prompt": "a shirt", "webhook": "https://shop.example.com/hook"}).status_code
        == 202
    )
    nested = {"task": '{"kind": "recreate", "webhook": "https://shop.example.com/"}', "runs": '[{"engine": "drill"}]'}
    assert "next to task" in live.http.post("/compare", files=picture, data=nested).json()["detail"]


def test_a_webhook_is_part_of_what_an_idempotency_key_stands_for(serve) -> None:
    live: Live = serve(webhook_secret=SECRET)

    def post(url: str) -> httpx.Response:
        picture, headers = {"image": ("a.png", png())}, {"Idempotency-Key": "k"}
        return live.http.post("/recreate", files=picture, data={"webhook": url}, headers=headers)

    first = post("https://shop.example.com/a")
    assert post("https://shop.example.com/a").json()["id"] == first.json()["id"]
    assert_problem(post("https://shop.example.com/b"), 422, "idempotency_mismatch")


def test_without_a_secret_nothing_is_promised(serve) -> None:
    live: Live = serve()
    answer = live.http.post(
        "/recreate", files={"image": ("a.png", png())}, data={"webhook": "https://shop.example.com/hook"}
    )
    assert_problem(answer, 422, "invalid_field")
    assert "LIKENESS_WEBHOOK_SECRET" in answer.json()["detail"]
