"""One delivery attempt: signed, sent to a checked address, judged by the status of the response alone."""

import asyncio
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Final

import httpx
from standardwebhooks import Webhook

from likeness import __version__
from likeness.contract.deliveries import Delivery
from likeness.contract.errors import RequestError
from service.http.public_hosts import Resolve, addresses_of, resolve, send
from service.webhooks.target import target_of

USER_AGENT: Final = f"likeness/{__version__}"
NO_ANSWER: Final = "the receiver could not be reached, or closed the connection"


@dataclass(frozen=True)
class Sender:
    """Notifies receivers."""

    seconds: float
    """Longest time of one attempt."""
    private: bool
    """Whether addresses that are not public, and http, are allowed."""
    trusted: ssl.SSLContext = field(default_factory=partial(httpx.create_ssl_context, trust_env=False))
    """Made once, not for each try: it reads the certificates of all public authorities."""
    resolve: Resolve = resolve
    transport: httpx.AsyncBaseTransport | None = None

    async def deliver(self, url: str, event_id: str, body: bytes, secrets: Sequence[str]) -> Delivery:
        """Make one attempt and return its outcome; `secrets` must not be empty. Raises nothing."""
        at, began = datetime.now(UTC), time.monotonic()
        status, error = None, None
        try:
            async with asyncio.timeout(self.seconds):
                status = await self._post(url, body, _signed(event_id, at, body, secrets))
        except TimeoutError:
            error = f"no answer within {self.seconds:g} s"
        except RequestError as problem:
            error = problem.detail
        except (httpx.HTTPError, httpx.StreamError, OSError, ValueError):
            error = NO_ANSWER
        if status is not None and not 200 <= status < 300:
            error = f"the receiver answered {status}" + (
                ", a redirect, which is not followed" * httpx.codes.is_redirect(status)
            )
        return Delivery(at=at, seconds=round(time.monotonic() - began, 3), status=status, error=error)

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        """Return the status of the answer; its body is never read."""
        target = target_of(url, self.private)
        addresses = await addresses_of(target.raw_host.decode("ascii"), self.resolve, self.private)
        async with self._client() as client:
            answer = await send(client, ("POST", target, body), headers, addresses)
            await answer.aclose()
        return answer.status_code

    def _client(self) -> httpx.AsyncClient:
        """Return a client of this try alone: a kept connection to the same address might be for another name."""
        return httpx.AsyncClient(
            transport=self.transport,
            verify=self.trusted,
            trust_env=False,
            follow_redirects=False,
            timeout=self.seconds,
        )


def _signed(event_id: str, at: datetime, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """Return the headers of a try, with one signature for each secret; the time is part of what is signed."""
    text = body.decode()
    return {
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(event_id, at, text) for secret in secrets),
    }
