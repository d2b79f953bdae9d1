"""How the clients connect to a service."""

from typing import Any, Final

import httpx

from likeness import __version__
from likeness.problems import LikenessProblem

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def connection(base_url: str, api_key: str | None, timeout: float) -> dict[str, Any]:
    """Return the arguments for httpx.Client. Raises LikenessProblem (`invalid_url`) when `base_url` is not a URL."""
    headers = {"User-Agent": f"likeness/{__version__}"}
    if api_key:
        headers["Authorization"] = f"Bearer {api_key}"
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise LikenessProblem(0, "invalid_url", f"{base_url}: {error}") from error
    # A proxy set in the environment could not reach a service on this machine.
    return {"base_url": url, "headers": headers, "timeout": timeout, "trust_env": url.host not in LOOPBACK}
