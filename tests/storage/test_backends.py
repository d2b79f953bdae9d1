"""Stores over the network: what is refused, what is said of errors, and links that the store itself checks."""

import asyncio
import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

import httpx
import pytest
import structlog
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from likeness.contract.errors import StoreUnavailable
from likeness.contract.jobs import StoredPicture
from likeness.storage.backends import StoreUrlError
from likeness.storage.pictures import PictureStore
from tests.support.azure_server import CONTAINER, AzureServer
from tests.support.s3_server import BUCKET, KEY, SECRET, S3Server

URL = f"s3://{BUCKET}/links"
PICTURE = StoredPicture(key="jobs/a/" + 64 * "0", sha256=64 * "0", media_type="image/png", size=1)


def signed(store: PictureStore, *pictures: StoredPicture, seconds: int = 60) -> list[str]:
    return asyncio.run(store.sign(pictures, seconds))


def get(url: str, **headers: str) -> httpx.Response:
    return httpx.get(url, headers=headers, trust_env=False, timeout=30)


@pytest.fixture
def said() -> Iterator[Callable[[], str]]:
    """All that was logged, as one text."""
    with structlog.testing.capture_logs() as lines:
        yield lambda: json.dumps(lines)


@pytest.mark.parametrize(
    "url", ["ftp://a/b", "s3:/a", "shop", "https://example.org/a", "http://127.0.0.1/a", "s3://", "az://pictures"]
)
def test_what_names_no_store_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_NAME", raising=False)
    with pytest.raises(StoreUrlError):
        PictureStore.open(url)


def test_credentials_in_the_url_are_refused_and_not_repeated() -> None:
    with pytest.raises(StoreUrlError) as caught:
        PictureStore.open("s3://key:hush@bucket/a")
    assert "hush" not in str(caught.value) and "environment" in str(caught.value)


@pytest.mark.parametrize(
    ("url", "public"),
    [("memory://", "https://a.example"), (URL, "a.example"), (URL, "https://a:b@c.example"), (URL, "https://a/?b=c")],
)
def test_a_public_address_is_one_of_an_object_store(url: str, public: str) -> None:
    with pytest.raises(StoreUrlError):
        PictureStore.open(url, public)


@pytest.mark.parametrize("scheme", ["s3", "az"])
def test_each_kind_of_store_has_a_public_address(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    s3_environment(monkeypatch, "http://127.0.0.1:1")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "shop")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "aHVzaA==")
    (link,) = signed(PictureStore.open(f"{scheme}://pictures/a", "https://pictures.example.com/"), PICTURE)
    assert link.startswith(f"https://pictures.example.com/pictures/a/{PICTURE.key}?")


@pytest.mark.processes
def test_a_store_with_a_certificate_of_ones_own_is_trusted_where_it_is_named(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT", s3.tls_endpoint)
    monkeypatch.delenv("AWS_ALLOW_HTTP")
    with pytest.raises(StoreUnavailable):
        PictureStore.open(URL).put("a", b"shoe", "image/png")
    monkeypatch.setenv("AWS_ROOT_CERTIFICATE", s3.authority.read_text())
    store = PictureStore.open(URL)
    assert store.get(store.put("a", b"shoe", "image/png")) == b"shoe"


@pytest.mark.processes
def test_plain_http_is_refused_unless_it_is_allowed(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ALLOW_HTTP")
    with pytest.raises(StoreUnavailable):
        PictureStore.open(URL).put("a", b"shoe", "image/png")


def test_a_store_that_refuses_connections_is_soon_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    s3_environment(monkeypatch, f"http://127.0.0.1:{port}")
    began = time.monotonic()
    with pytest.raises(StoreUnavailable):
        PictureStore.open(URL).put("a", b"shoe", "image/png")
    assert time.monotonic() - began < 30, "without bounds of ours it is tried ten times"


def s3_environment(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    values = {"ENDPOINT": endpoint, "ALLOW_HTTP": "true", "REGION": "us-east-1"}
    for name, value in (values | {"ACCESS_KEY_ID": KEY, "SECRET_ACCESS_KEY": SECRET}).items():
        monkeypatch.setenv(f"AWS_{name}", value)


def test_a_shared_signature_in_the_environment_is_in_no_error(
    monkeypatch: pytest.MonkeyPatch, said: Callable[[], str]
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "shop")
    monkeypatch.setenv("AZURE_STORAGE_SAS_KEY", "sv=2023-11-03&sp=rwdl&sig=aHVzaA%3D%3D")
    monkeypatch.setenv("AZURE_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("AZURE_ALLOW_HTTP", "true")
    with pytest.raises(StoreUnavailable) as caught:
        PictureStore.open("az://pictures").put("a", b"shoe", "image/png")
    told = f"{caught.value!r} {caught.value.__cause__!r} {said()}"
    assert "error sending request" in told and "sig=" not in told and "aHVzaA" not in told


@pytest.mark.processes
def test_a_wrong_secret_is_refused_and_not_told(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch, said: Callable[[], str]
) -> None:
    picture = PictureStore.open(URL).put("a", b"shoe", "image/png")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret")
    store = PictureStore.open(URL)
    calls = (lambda: store.get(picture), lambda: store.put("a", b"x", "image/png"), lambda: asyncio.run(store.ping()))
    for call in calls:
        with pytest.raises(StoreUnavailable) as caught:
            call()
        told = f"{caught.value.detail} {caught.value.__cause__!r}"
        assert "SignatureDoesNotMatch" in told or "403" in told
        assert "not-the-secret" not in told and KEY not in told
    assert "not-the-secret" not in said() and KEY not in said()
    assert get(*signed(store, picture)).status_code == 403, "and a link that was signed with it is worth nothing"


@pytest.mark.processes
def test_a_bucket_that_is_not_there_is_unavailable_and_not_a_lost_picture(s3: S3Server) -> None:
    store = PictureStore.open("s3://nobodys-bucket/a")
    with pytest.raises(StoreUnavailable):
        asyncio.run(store.ping())
    with pytest.raises(StoreUnavailable):
        store.put("a", b"shoe", "image/png")


@pytest.mark.processes
def test_a_link_gives_one_picture_to_anyone_as_what_it_is(s3: S3Server) -> None:
    store = PictureStore.open(URL)
    shoe, hat = store.put("a", b"shoe", "image/png"), store.put("a", b"hats", "image/webp")
    link, other = signed(store, shoe, hat)
    answer = get(link)
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, b"shoe", "image/png")
    assert answer.headers["content-disposition"] == f'inline; filename="{shoe.sha256[:16]}.png"'
    assert "immutable" in answer.headers["cache-control"]
    named = get(signed(store, store.put("b", b"shoe", "image/png", "Bottes d'été / 12"))[0])
    shown = f"filename*=UTF-8''Bottes-d-%C3%A9t%C3%A9-12-{shoe.sha256[:8]}.png"
    assert named.headers["content-disposition"].endswith(shown), "by its reference"
    assert (get(other).content, get(other).headers["content-type"]) == (b"hats", "image/webp")
    part = get(link, Range="bytes=1-2")
    assert (part.status_code, part.content) == (206, b"ho")
    assert SECRET not in link
    assert get(link.replace(shoe.sha256, hat.sha256)).status_code == 403, "of that picture alone"
    assert httpx.put(link, content=b"boot", trust_env=False).status_code == 403, "to read it, nothing else"
    assert httpx.head(link, trust_env=False).status_code == 403
    assert get(link.partition("?")[0]).status_code == 403, "the bucket is not public"


@pytest.mark.processes
def test_a_link_to_azure_is_one_that_its_server_takes(azure: AzureServer) -> None:
    store = PictureStore.open(f"az://{CONTAINER}/links")
    shoe, hat = store.put("a", b"shoe", "image/png"), store.put("a", b"hats", "image/webp")
    (link,) = signed(store, shoe)
    answer = get(link)
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, b"shoe", "image/png")
    assert "inline" in answer.headers["content-disposition"]
    for changed in (link.replace(shoe.sha256, hat.sha256), link.replace("sig=", "sig=A"), link.partition("?")[0]):
        assert get(changed).status_code in (403, 404)
    written = httpx.put(link, content=b"boot", headers={"x-ms-blob-type": "BlockBlob"}, trust_env=False)
    assert written.status_code == 403, "to read it, nothing else"
    (short,) = signed(store, shoe, seconds=1)
    limit = time.monotonic() + 30
    while (answer := get(short)).status_code == 200 and time.monotonic() < limit:
        time.sleep(0.1)
    assert answer.status_code == 403


@pytest.mark.processes
def test_a_link_expires(s3: S3Server) -> None:
    store = PictureStore.open(URL)
    (link,) = signed(store, store.put("a", b"shoe", "image/png"), seconds=1)
    limit = time.monotonic() + 30
    while (answer := get(link)).status_code == 200 and time.monotonic() < limit:
        time.sleep(0.1)
    assert answer.status_code == 403 and "expired" in answer.text


@pytest.mark.processes
def test_links_are_signed_for_the_public_address(s3: S3Server) -> None:
    """The server hears the same bucket under two names, as behind a proxy; a signature holds for one of them."""
    outside = s3.endpoint.replace("127.0.0.1", "localhost")
    store = PictureStore.open(URL, outside)
    (link,) = signed(store, store.put("a", b"shoe", "image/png"))
    assert link.startswith(f"{outside}/{BUCKET}/links/jobs/a/") and get(link).content == b"shoe"
    assert get(link.replace("localhost", "127.0.0.1")).status_code == 403


def test_a_link_to_google_is_signed_as_google_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No server of Google's can be had here: the signature (V4, RSA) is checked against the published rules.

    obstore signs for Google's own host whatever the address: a proxy before it has to name that host.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    account = {"type": "service_account", "client_email": "shop@example.iam", "private_key": pem, "private_key_id": "1"}
    (tmp_path / "account.json").write_text(json.dumps(account))
    monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT", str(tmp_path / "account.json"))
    (link,) = signed(PictureStore.open("gs://pictures/shop", "https://pictures.example.com"), PICTURE, seconds=90)
    parts = urlsplit(link)
    assert parts.netloc == "pictures.example.com"
    query = dict(parse_qsl(parts.query))
    signature = bytes.fromhex(query.pop("X-Goog-Signature"))
    assert query["X-Goog-Expires"] == "90" and query["X-Goog-Credential"].startswith("shop@example.iam/")
    listed = "&".join(f"{quote(name, safe='')}={quote(query[name], safe='')}" for name in sorted(query))
    request = f"GET\n{parts.path}\n{listed}\nhost:storage.googleapis.com\n\nhost\nUNSIGNED-PAYLOAD"
    digest = hashes.Hash(hashes.SHA256())
    digest.update(request.encode())
    scope = query["X-Goog-Credential"].partition("/")[2]
    text = f"{query['X-Goog-Algorithm']}\n{query['X-Goog-Date']}\n{scope}\n{digest.finalize().hex()}"
    key.public_key().verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())


def test_an_erasure_that_is_given_up_is_let_go_also_when_the_store_answers_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The error that ends a task keeps its frames, and so a listing, until after the answer came."""
    panics: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda told: panics.append(told.exc_value))
    asked, given_up = threading.Event(), threading.Event()

    def answer_late(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            asked.set()
            given_up.wait(30)
            connection.sendall(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")
            connection.recv(65536)  # until the other side hangs up

    async def give_up(store: PictureStore) -> None:
        erasing = asyncio.create_task(store.erase("a"))
        await asyncio.to_thread(asked.wait, 30)
        erasing.cancel()
        try:
            await erasing
        except asyncio.CancelledError:
            given_up.set()
            await asyncio.sleep(0.2)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("AWS_ENDPOINT", f"http://127.0.0.1:{listener.getsockname()[1]}")
        for name, value in (("ALLOW_HTTP", "true"), ("ACCESS_KEY_ID", KEY), ("SECRET_ACCESS_KEY", SECRET)):
            monkeypatch.setenv(f"AWS_{name}", value)
        server = threading.Thread(target=answer_late, args=(listener,), daemon=True)
        server.start()
        asyncio.run(give_up(PictureStore.open(URL)))
    assert panics == []
