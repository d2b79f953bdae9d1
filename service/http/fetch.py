"""Images by URL, fetched from public machines only (service/http/public_hosts.py)."""

import asyncio
from dataclasses import dataclass
from typing import Final

import httpx

from likeness.contract.errors import UploadTooLarge, UrlFailed, UrlNotAllowed
from service.http.memory import held
from service.http.public_hosts import PORT, Resolve, addresses_of, resolve, send

MOST_REDIRECTS: Final = 3
LONGEST_URL: Final = 2048
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True)
class Fetcher:
    """Fetches images. `transport` is for tests; None connects for real."""

    max_bytes: int
    seconds: float
    """Longest time of one fetch, its redirects included."""
    resolve: Resolve = resolve
    transport: httpx.AsyncBaseTransport | None = None

    async def fetch(self, url: str) -> bytes:
        """Return the bytes at a public https URL. Raises UrlNotAllowed, UrlFailed, UploadTooLarge or TooManyUploads."""
        try:
            async with asyncio.timeout(self.seconds), self._client() as client:
                return await self._follow(client, url)
        except TimeoutError as error:
            raise UrlFailed(f"no answer within {self.seconds:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise UrlFailed("the server could not be reached, or closed the connection") from error

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
        """Return the image, or where the server sends us instead."""
        addresses = await addresses_of(url.host, self.resolve)
        answer = await send(client, ("GET", url, None), {"Accept": "image/*"}, addresses)
        try:
            if answer.status_code in REDIRECTS:
                return checked_url(str(url.join(answer.headers.get("location", ""))))
            if answer.status_code != httpx.codes.OK:
                raise UrlFailed(f"the server answered {answer.status_code}")
            return await self._read(answer)
        finally:
            await answer.aclose()

    async def _read(self, answer: httpx.Response) -> bytes:
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise UrlFailed("the server answered with a compressed body")
        body, taken = bytearray(), held()
        async for part in answer.aiter_raw():
            taken.take(2 * len(part))  # the bytes are copied once, when they are complete
            body += part
            if len(body) > self.max_bytes:
                raise UploadTooLarge(f"at most {self.max_bytes} bytes")
        return bytes(body)


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
