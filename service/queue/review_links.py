"""Review links: each kept under the sha256 of its token, and gone when its time is over."""

import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from pydantic import BaseModel

from likeness.contract.reviews import NewReviewLink
from likeness.queue import keys
from service.queue.admission import translated

PREFIX: Final = "lr_"
"""What the token of a link begins with; an API key begins otherwise."""
SECRET_BYTES: Final = 32


class ReviewLink(BaseModel):
    """A link as Redis has it: whose jobs it shows, which key made it, and what it is for."""

    owner: str
    maker: str
    name: str
    reference: str


class ReviewLinks:
    """The links of every owner. Its methods raise QueueUnavailable when Redis does not respond."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401  as in JobQueue
        self._redis = connection

    async def make(self, asked: NewReviewLink, owner: str, maker: str) -> tuple[str, datetime]:
        """Make a link and return its token, which is kept nowhere, and when it stops working.

        The token says whose it is, and until when in Unix seconds, for the page that it opens.
        """
        until = datetime.now(UTC) + timedelta(hours=asked.hours)
        token = f"{PREFIX}{asked.name}.{int(until.timestamp())}.{secrets.token_urlsafe(SECRET_BYTES)}"
        link = ReviewLink(owner=owner, maker=maker, name=asked.name, reference=asked.reference)
        async with translated():
            await self._redis.set(_key(token), link.model_dump_json(), ex=asked.hours * 3600)
        return token, until

    async def find(self, token: str) -> ReviewLink | None:
        """Return the link of a token; None when there is none, or its time is over."""
        async with translated():
            found = await self._redis.get(_key(token))
        return ReviewLink.model_validate_json(found) if found else None


def _key(token: str) -> str:
    digest = sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
    return keys.REVIEW_LINK_KEY.format(digest=digest)
