"""Whether the service on this machine is ready, as its `/readyz` says."""

import json
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener


def missing_of(url: str) -> str | None:
    """Return what the service still lacks, None once it is ready. It is on this machine, so no proxy is asked."""
    try:
        with build_opener(ProxyHandler({})).open(f"{url}/readyz", timeout=5):
            return None
    except HTTPError as answer:
        with answer:
            return _detail(answer.read()) or f"/readyz answers {answer.code}"
    except OSError as error:
        return f"the service does not respond: {error}"


def _detail(body: bytes) -> str | None:
    """Return what a problem+json answer says."""
    try:
        detail: object = json.loads(body)["detail"]
    except (ValueError, KeyError, TypeError):
        return None
    return str(detail)
