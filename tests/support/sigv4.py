"""Signature Version 4, for the few calls on a bucket that obstore has none for: make one, give it rules."""

import hmac
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import quote, urlsplit

import httpx


def call(method: str, url: str, key: str, secret: str, body: bytes = b"") -> httpx.Response:
    """Send a signed request; `url` may have a query of one name without a value, as `?lifecycle`."""
    parts = urlsplit(url)
    now, digest = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"), sha256(body).hexdigest()
    headers = {"host": parts.netloc, "x-amz-content-sha256": digest, "x-amz-date": now}
    listed = "".join(f"{name}:{value}\n" for name, value in headers.items())
    names, query = ";".join(headers), f"{parts.query}=" if parts.query else ""
    scope = f"{now[:8]}/us-east-1/s3/aws4_request"
    canonical = sha256("\n".join([method, quote(parts.path), query, listed, names, digest]).encode()).hexdigest()
    signing = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        signing = hmac.digest(signing, part.encode(), sha256)
    text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{canonical}"
    signature = hmac.digest(signing, text.encode(), sha256).hex()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return httpx.request(method, url, headers=headers, content=body, trust_env=False, timeout=30)
