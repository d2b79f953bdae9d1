"""The ways in which clients of other APIs send a key."""

import base64
import binascii
from typing import Annotated

from fastapi import Depends, Request

from service.auth.dependencies import authenticate
from service.state import Use


def from_basic(request: Request, services: Use) -> str:
    """Return whose request it is by HTTP Basic, whose password is the key, or as everywhere. Raises as `authenticate`.

    Only the calls of such an API take it, and it is never asked for: a browser that knew it would send it unasked.
    """
    scheme, _, sent = request.headers.get("authorization", "").partition(" ")
    return authenticate(_with_key(request, _password(sent)) if scheme.lower() == "basic" else request, services)


def _password(sent: str) -> str:
    try:
        return base64.b64decode(sent.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def from_token(request: Request, services: Use) -> str:
    """Return whose request it is by `Authorization: Token KEY`, or as everywhere. Raises as `authenticate`."""
    scheme, _, sent = request.headers.get("authorization", "").partition(" ")
    return authenticate(_with_key(request, sent) if scheme.lower() == "token" else request, services)


def _with_key(request: Request, key: str) -> Request:
    """Return the request as if it had brought the key as all others do."""
    others = [(name, value) for name, value in request.scope["headers"] if name != b"authorization"]
    bearer = (b"authorization", b"Bearer " + key.encode("latin-1", "replace"))
    return Request({**request.scope, "headers": [*others, bearer]})


BasicOwner = Annotated[str, Depends(from_basic)]
TokenOwner = Annotated[str, Depends(from_token)]
