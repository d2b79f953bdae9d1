"""Files that others have published, known by their sha256."""

import hashlib
from pathlib import Path


def read_published(path: Path, sha256: str) -> bytes:
    """Return a file's bytes. Raises OSError, or ValueError when the hex digits of its sha256 begin with others."""
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if not digest.startswith(sha256):
        raise ValueError(f"{path.name} is not the published file: its sha256 is {digest}, not {sha256}")
    return data
