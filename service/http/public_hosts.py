"""Connections to hosts that callers name; nobody can make the service talk to a machine that is not public.

The name is resolved once and every address of it is checked; the connection then goes to a checked address, with the
name in SNI, certificate check and Host, so that a second answer of the name server (DNS rebinding) is never asked for.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

import httpx

from likeness.contract.errors import UrlFailed, UrlNotAllowed

MOST_ADDRESSES: Final = 4
PORT: Final = 443
UNICAST: Final = IPv6Network("2000::/3")
TRANSLATED: Final = (
    IPv6Network("2001::/32"),  # Teredo
    IPv6Network("2002::/16"),  # 6to4
    IPv6Network("64:ff9b::/96"),  # NAT64
)
"""IPv6 ranges that carry an IPv4 address of somebody's choice."""
DOCUMENTATION: Final = IPv6Network("3fff::/20")
"""RFC 9637; Python does not know it yet."""

Address = IPv4Address | IPv6Address
Resolve = Callable[[str], Awaitable[Sequence[str]]]


async def resolve(host: str) -> Sequence[str]:
    """Return the addresses of a host name. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, PORT, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def addresses_of(host: str, resolve: Resolve, private: bool = False) -> list[Address]:
    """Return the addresses to connect to, best first; with `private` also those that are not public.

    Raises UrlFailed for a name that is not known, UrlNotAllowed when any address of it is not public.
    """
    try:
        found = [ip_address(text.partition("%")[0]) for text in await resolve(host)]
    except (OSError, ValueError) as error:
        raise UrlFailed("the name of the host is not known") from error
    if not found or not (private or all(is_public(address) for address in found)):
        raise UrlNotAllowed("the host has an address that is not public")
    return sorted(found, key=lambda address: address.version)[:MOST_ADDRESSES]


async def send(
    client: httpx.AsyncClient,
    request: tuple[str, httpx.URL, bytes | None],
    headers: Mapping[str, str],
    addresses: Sequence[Address],
) -> httpx.Response:
    """Send (method, URL, body) to the first address that takes a connection; the answer's body is not read yet.

    Raises httpx.HTTPError.
    """
    method, url, body = request
    failure: Exception = httpx.ConnectError("no address")
    for address in addresses:
        built = client.build_request(
            method,
            url.copy_with(host=str(address)),
            content=body,
            headers={"Host": url.netloc.decode("ascii"), "Accept-Encoding": "identity", **headers},
            extensions={"sni_hostname": url.raw_host.decode("ascii").rstrip(".")},
        )
        try:
            return await client.send(built, stream=True)
        except httpx.ConnectError as error:
            failure = error
    raise failure


def is_public(address: Address) -> bool:
    """Return whether an address belongs to the public internet, and can only mean one machine of it."""
    if isinstance(address, IPv6Address):
        if address not in UNICAST or any(address in network for network in (*TRANSLATED, DOCUMENTATION)):
            return False
    elif str(address).startswith("192.88.99."):  # 6to4 relays
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved
