"""How the store is opened, and how its errors are told: bounded waits, no secrets in what is said."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit

import structlog
from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, LocalStore, MemoryStore, S3Store, from_url

from likeness.contract.errors import StoreUnavailable

if TYPE_CHECKING:
    from obstore.store import ClientConfig, S3Config

ObjectStore = S3Store | GCSStore | AzureStore
"""The stores that are reached over the network; each can sign links, and lists by name."""
NETWORKED: Final = (S3Store, GCSStore, AzureStore)

CONNECT_SECONDS: Final = 3
SILENCE_SECONDS: Final = 10
"""A store that says nothing for so long is away. A part of a large image (5 MB) must be sent within it."""
REQUEST_SECONDS: Final = 60
RETRIES: Final = 3
RETRY_SECONDS: Final = 10
"""After so long no request is tried again: a call fails within about RETRY + SILENCE seconds when the store is dead.
Without these bounds obstore tries 10 times, for 3 minutes."""
BOUNDS: Final = {
    "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
    "read_timeout": timedelta(seconds=SILENCE_SECONDS),
    "timeout": timedelta(seconds=REQUEST_SECONDS),
}

FAMILIES: Final = {
    "s3": "AWS",
    "s3a": "AWS",
    "gs": "GOOGLE",
    "az": "AZURE",
    "azure": "AZURE",
    "abfs": "AZURE",
    "abfss": "AZURE",
    "adl": "AZURE",
}
"""What the names of an object store's settings in the environment begin with, by the scheme of its URL."""
ENDPOINTS: Final = {"AWS": "aws_endpoint", "GOOGLE": "google_base_url", "AZURE": "azure_endpoint"}
CONNECTION: Final = (
    "allow_http",
    "allow_invalid_certificates",
    "proxy_ca_certificate",
    "proxy_excludes",
    "proxy_url",
    "root_certificate",
    "user_agent",
)
"""Settings of the connection that are read from the environment, as AWS_ALLOW_HTTP: obstore takes none of them from
there once it is given bounds."""
LONGEST_CAUSE: Final = 300

log = structlog.get_logger()


class StoreUrlError(ValueError):
    """The URL names no store that can be opened; the message does not repeat it, for it may hold a secret."""


class StoreCause(Exception):
    """What a store said, without what may be secret."""


def open_store(url: str) -> ObjectStore | LocalStore | MemoryStore:
    """Open `file:///folder` (made when missing), `memory://`, or the URL of an object store. Raises StoreUrlError."""
    if url.startswith("memory:"):
        return MemoryStore()
    if url.startswith("file://"):
        folder = Path(url.removeprefix("file://"))
        folder.mkdir(parents=True, exist_ok=True)
        return LocalStore(str(folder), automatic_cleanup=True)
    return _open(url, {})


def open_signer(url: str, public_url: str) -> ObjectStore:
    """Open the object store `url` at the address by which it is reached from outside, to sign links to it.

    Raises StoreUrlError for another kind of store, or an address that is more than scheme, host, port and path.
    """
    if family_of(url) is None:
        raise StoreUrlError("only an object store (s3://, gs://, az://) has a public address")
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#@]*)?", public_url):
        raise StoreUrlError("the store's public address must be like https://images.example.com")
    return _open(url, {ENDPOINTS[FAMILIES[urlsplit(url).scheme]]: public_url.rstrip("/")})


def family_of(url: str) -> str | None:
    """Return what the settings of this URL's store begin with in the environment; None for no object store."""
    return FAMILIES.get(urlsplit(url).scheme)


def _open(url: str, config: dict[str, str]) -> ObjectStore:
    family = family_of(url)
    if family is None:
        raise StoreUrlError("not the URL of a store; one is file://, memory://, s3://, gs:// or az://")
    if "@" in urlsplit(url).netloc and not url.startswith("abfs"):
        raise StoreUrlError("credentials belong in the environment, not in the store's URL")
    options = {name: value for name in CONNECTION if (value := os.environ.get(f"{family}_{name.upper()}"))}
    try:
        opened = from_url(
            url,
            config=cast("S3Config", config),  # or another family's: they differ in no way that matters here
            client_options=cast("ClientConfig", options | BOUNDS),
            retry_config={"max_retries": RETRIES, "retry_timeout": timedelta(seconds=RETRY_SECONDS)},
        )
    except (BaseError, ValueError) as error:
        raise StoreUrlError(f"the store cannot be opened: {said(error)}") from None
    if not isinstance(opened, NETWORKED):
        raise StoreUrlError("not the URL of an object store")
    return opened


@contextmanager
def translated(failure: str) -> Iterator[None]:
    """Raise StoreUnavailable(failure) for whatever the store raises, and log what it said, without what may be secret.

    A missing object is an error here as well: whoever expects one catches FileNotFoundError inside.
    """
    try:
        yield
    except (BaseError, OSError, NotImplementedError) as error:
        cause = said(error)
        log.warning("store", failure=failure, cause=cause)
        raise StoreUnavailable(failure, retry_after=5) from StoreCause(cause)


def said(error: Exception) -> str:
    """Return in one line what a store's error says: no query (it may be signed), no user information, no bodies."""
    text = str(error)
    line = text.partition("\n")[0].partition("<")[0].strip().rstrip(":")
    code = re.search(r"<Code>(\w{1,64})</Code>", text)
    line = re.sub(r"//[^/@\s]*@", "//", re.sub(r"\?\S*", "", line))
    return " ".join(filter(None, (line[:LONGEST_CAUSE], code and code[1])))
