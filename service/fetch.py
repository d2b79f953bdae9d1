"""Pictures by URL, fetched so that nobody can make the service talk to a machine that is not public.

The name is resolved once and every address of it is checked; the connection then goes to a checked address, with the
name in SNI, certificate check and Host, so that a second answer of the name server (DNS rebinding) is never asked for.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

import httpx

from likeness.contract.errors import UploadTooLarge, UrlFailed, UrlNotAllowed

MOST_REDIRECTS: Final = 3
MOST_ADDRESSES: Final = 4
LONGEST_URL: Final = 2048
PORT: Final = 443
UNICAST: Final = IPv6Network("2000::/3")
TRANSLATED: Final = (
    IPv6Network("2001::/32"),  # Teredo
    IPv6Network("2002::/16"),  # 6to4
    IPv6Network("64:ff9b::/96"),  # NAT64
)
"""IPv6 ranges that carry an IPv4 address of somebody's choice."""
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})

Address = IPv4Address | IPv6Address
Resolve = Callable[[str], Awaitable[Sequence[str]]]


async def resolve(host: str) -> Sequence[str]:
    """Return the addresses of a host name. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, PORT, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True)
class Fetcher:
    """Fetches pictures. `transport` is for tests; None connects for real."""

    max_bytes: int
    seconds: float
    resolve: Resolve = resolve
    transport: httpx.AsyncBaseTransport | None = None

    async def fetch(self, url: str) -> bytes:
        """Return the bytes at a public https URL. Raises UrlNotAllowed, UrlFailed or UploadTooLarge."""
        try:
            async with asyncio.timeout(self.seconds), self._client() as client:
                return await self._follow(client, url)
        except TimeoutError as error:
            raise UrlFailed(f"no answer within {self.seconds:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise UrlFailed("the server could not be reached, or broke off") from error

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=self.transport, trust_env=False, follow_redirects=False, timeout=self.seconds
        )

    async def _follow(self, client: httpx.AsyncClient, text: str) -> bytes:
        url = checked_url(text)
        for _ in range(MOST_REDIRECTS + 1):
            answer = await self._ask(client, url)
            if isinstance(answer, bytes):
                return answer
            url = answer
        raise UrlFailed(f"more than {MOST_REDIRECTS} redirects")

    async def _ask(self, client: httpx.AsyncClient, url: httpx.URL) -> bytes | httpx.URL:
        """Return the picture, or where the server sends us instead."""
        answer = await self._connect(client, url, await self._public_addresses(url.host))
        try:
            if answer.status_code in REDIRECTS:
                return checked_url(str(url.join(answer.headers.get("location", ""))))
            if answer.status_code != httpx.codes.OK:
                raise UrlFailed(f"the server answered {answer.status_code}")
            return await self._read(answer)
        finally:
            await answer.aclose()

    async def _public_addresses(self, host: str) -> list[Address]:
        try:
            found = [ip_address(text.partition("%")[0]) for text in await self.resolve(host)]
        except (OSError, ValueError) as error:
            raise UrlFailed("the name of the host is not known") from error
        if not found or not all(is_public(address) for address in found):
            raise UrlNotAllowed("the host has an address that is not public")
        return sorted(found, key=lambda address: address.version)[:MOST_ADDRESSES]

    @staticmethod
    async def _connect(client: httpx.AsyncClient, url: httpx.URL, addresses: Sequence[Address]) -> httpx.Response:
        """Send the request to the first address that takes a connection."""
        failure: Exception = httpx.ConnectError("no address")
        for address in addresses:
            request = client.build_request(
                "GET",
                url.copy_with(host=str(address)),
                headers={"Host": url.host, "Accept": "image/*", "Accept-Encoding": "identity"},
                extensions={"sni_hostname": url.host.rstrip(".")},
            )
            try:
                return await client.send(request, stream=True)
            except httpx.ConnectError as error:
                failure = error
        raise failure

    async def _read(self, answer: httpx.Response) -> bytes:
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise UrlFailed("the server answered with a compressed body")
        parts: list[bytes] = []
        size = 0
        async for part in answer.aiter_raw():
            size += len(part)
            if size > self.max_bytes:
                raise UploadTooLarge(f"at most {self.max_bytes} bytes")
            parts.append(part)
        return b"".join(parts)


def checked_url(text: str) -> httpx.URL:
    """Return the URL, if it is one that may be asked for at all. Raises UrlNotAllowed."""
    try:
        url = httpx.URL(text) if len(text) <= LONGEST_URL else None
    except (httpx.InvalidURL, UnicodeError, ValueError):
        url = None
    if url is None or not url.host:
        raise UrlNotAllowed(f"not a URL of at most {LONGEST_URL} characters")
    if url.scheme != "https":
        raise UrlNotAllowed("only https URLs are fetched")
    if url.userinfo:
        raise UrlNotAllowed("a URL with a user name or password is not fetched")
    if url.port not in (None, PORT):
        raise UrlNotAllowed(f"only port {PORT} is asked")
    return url.copy_with(fragment=None)


def is_public(address: Address) -> bool:
    """Return whether an address belongs to the public internet, and can only mean one machine of it."""
    if isinstance(address, IPv6Address):
        if address not in UNICAST or any(address in network for network in TRANSLATED):
            return False
    elif str(address).startswith("192.88.99."):  # 6to4 relays
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved
