"""The names by which Redis knows scripts that it has run."""

from functools import cache
from hashlib import sha1


@cache
def digest(script: str) -> str:
    """Return a script's name: the SHA-1 of its text, in hex."""
    return sha1(script.encode(), usedforsecurity=False).hexdigest()
