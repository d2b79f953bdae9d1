"""API keys: made, kept as hashes in a file, checked; and the short-lived tokens that browsers follow jobs with.

The command for them is `python -m service.auth`.
"""

import contextlib
import fcntl
import hmac
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

LOCAL_OWNER: Final = "local"
"""Who owns the jobs of a service without keys. No key may have this name."""
KEY_PREFIX: Final = "lk_"
KEY_BYTES: Final = 32
NAME_PATTERN: Final = r"^[a-z0-9][a-z0-9_-]{0,63}$"
TOKEN_SECONDS: Final = 3600


class KeysError(Exception):
    """The file of keys cannot be used, or what was asked of it cannot be done."""


class Scope(StrEnum):
    """What a key may do."""

    READ = "jobs:read"
    """Read its jobs, their images and reports, the engines and its usage."""
    WRITE = "jobs:write"
    """Submit, cancel and delete jobs."""
    REVIEW = "review"
    """Approve and reject results, and comment on them."""
    METRICS = "metrics:read"
    """Read the metrics, which are of all keys together."""


class KeyLimits(BaseModel):
    """What a key may do, and how much of it. As made without options: everything, unbounded."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scopes: list[Scope] = Field(default=list(Scope), min_length=1)
    concurrency: int | None = Field(default=None, ge=1, description="maximum number of jobs of the key running at once")
    daily_quota: int | None = Field(default=None, ge=0, description="maximum number of jobs accepted per UTC day")

    @property
    def bounds(self) -> str:
        """What is bounded, in one line; nothing where nothing is."""
        bounds = {"concurrency": self.concurrency, "daily-quota": self.daily_quota}
        scopes = [] if set(self.scopes) == set(Scope) else list(self.scopes)
        return " ".join([*scopes, *(f"{name}={bound}" for name, bound in bounds.items() if bound is not None)])


UNLIMITED: Final = KeyLimits()
REVOKED: Final = KeyLimits(daily_quota=0)


class KeyRecord(KeyLimits):
    """One key, as the file keeps it: never the key itself. A file made before there were limits is read as it is."""

    name: str = Field(pattern=NAME_PATTERN)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    created_at: datetime
    owner: str | None = Field(
        default=None, pattern=NAME_PATTERN, description="name of the key whose jobs it shares; null: it has its own"
    )
    webhook_secrets: list[Annotated[str, Field(pattern="^whsec_[A-Za-z0-9+/=]+$")]] = Field(
        default=[], max_length=2, description="that webhooks are signed with, newest first; two while rotating"
    )

    @property
    def tenant(self) -> str:
        """Whose jobs it works on, and whose limits hold."""
        return self.owner or self.name

    @property
    def summary(self) -> str:
        """Its name, whose jobs it shares, and what is bounded, in one line."""
        return " ".join([self.name, *([f"owner={self.owner}"] if self.owner else []), self.bounds]).rstrip()


Records = TypeAdapter(list[KeyRecord])


class Keys:
    """The keys of a file, read again whenever it changes.

    `required` turns true once there is a file, whatever it holds, and never back: one that is lost or damaged, or whose
    last key is revoked, locks everyone out instead of letting everyone in.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._records: list[KeyRecord] = []
        self.required = False

    @classmethod
    def load(cls, path: Path | None) -> "Keys":
        """Read the keys of `path`; none when it is None or not there yet. Raises KeysError when it cannot be read."""
        keys = cls(path)
        keys._read()
        return keys

    def find(self, key: str) -> KeyRecord | None:
        """Return the record of an API key, or None. Takes the same time whichever key it is.

        A key that shares the jobs of another one counts only while there is one of that name.
        """
        self.refresh()
        digest = _digest(key)
        found = [record for record in self._records if hmac.compare_digest(record.sha256, digest)]
        names = {record.name for record in self._records}
        return found[0] if found and found[0].tenant in names else None

    def limits_of(self, owner: str) -> KeyLimits:
        """Return what the key of this name may do; the owner of a service without keys may do everything.

        A key that was revoked while its request was under way may have no more jobs.
        """
        return next(
            (record for record in self._records if record.name == owner), REVOKED if self.required else UNLIMITED
        )

    def webhook_secrets(self, owner: str) -> list[str]:
        """Return what the webhooks of a key are signed with, newest first; none when there is no such key."""
        self.refresh()
        return next((list(record.webhook_secrets) for record in self._records if record.name == owner), [])

    def refresh(self) -> None:
        """Read the file again if it changed; one that cannot be read holds no keys."""
        try:
            self._read()
        except KeysError:
            self._records, self._seen = [], None
            self.required = True

    def _read(self) -> None:
        stamp = _stamp(self._path)
        if stamp is not None and stamp == self._seen:
            return
        self._records = read_keys(self._path) if self._path and stamp else []
        self._seen = stamp
        self.required = self.required or stamp is not None

    def token(self, job_id: str, owner: str) -> str:
        """Return a token that may follow this job, its events and its preview, for an hour."""
        return self._token(job_id, owner, int(time.time()) + TOKEN_SECONDS)

    def owner_of_token(self, token: str, job_id: str) -> str | None:
        """Return whose token this is, or None when it is not a valid one for this job."""
        self.refresh()
        owner, _, rest = token.partition(".")
        until, _, _ = rest.partition(".")
        if not re.fullmatch("[0-9]{1,12}", until) or int(until) < time.time():
            return None
        if not any(record.name == owner for record in self._records):
            return None  # where the file is lost, the secret below is of nothing, which everybody knows
        expected = self._token(job_id, owner, int(until))
        return owner if hmac.compare_digest(token.encode(), expected.encode()) else None

    def _token(self, job_id: str, owner: str, until: int) -> str:
        """The secret comes from the file, so every service that reads it agrees, and revoking a key ends its tokens."""
        secret = sha256("".join(sorted(f"{r.name}:{r.sha256}\n" for r in self._records)).encode()).digest()
        mac = hmac.new(secret, f"follow:{job_id}:{owner}:{until}".encode(), sha256).hexdigest()
        return f"{owner}.{until}.{mac}"


def read_keys(path: Path) -> list[KeyRecord]:
    """Return the keys of a file; none when it is not there. Raises KeysError when it is not a file of keys."""
    try:
        return Records.validate_json(path.read_bytes())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise KeysError(f"the file of API keys {path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise KeysError(f"{path} is not a file of API keys") from error


def create_key(path: Path, name: str, limits: KeyLimits = UNLIMITED, owner: str | None = None) -> str:
    """Add a key called `name` to the file and return it; it is not kept anywhere. Raises KeysError.

    With the name of another key as its `owner`, it shares the jobs of that one and has no limits of its own.
    """
    check_name(name)
    key = KEY_PREFIX + secrets.token_urlsafe(KEY_BYTES)
    record = KeyRecord(name=name, sha256=_digest(key), created_at=datetime.now(UTC), owner=owner, **dict(limits))
    with _changing(path) as records:
        if any(other.name == name for other in records):
            raise KeysError(f"there is a key called {name!r} already; revoke it first")
        _check_owner(records, record)
        records.append(record)
    return key


def _check_owner(records: Sequence[KeyRecord], record: KeyRecord) -> None:
    """Raise KeysError where a key cannot share the jobs of its owner, or has limits beside those of its owner."""
    if record.owner is None:
        return
    owner = next((other for other in records if other.name == record.owner), None)
    if owner is None or owner.owner is not None:
        raise KeysError(f"there is no key called {record.owner!r} that has jobs of its own")
    if record.concurrency is not None or record.daily_quota is not None:
        raise KeysError(f"{record.name!r} shares the jobs of {record.owner!r}, whose limits hold for both")


def check_name(name: str) -> None:
    """Raise KeysError unless a key may have this name."""
    if not re.fullmatch(NAME_PATTERN, name) or name == LOCAL_OWNER:
        raise KeysError(f"{name!r} is not a name for a key: use a-z, 0-9, - and _, at most 64, and not {LOCAL_OWNER!r}")


def find_key(path: Path, name: str) -> KeyRecord:
    """Return the record of the key called `name`. Raises KeysError when there is none."""
    records = read_keys(path)
    return records[_place(records, name)]


def change_key(path: Path, name: str, change: Callable[[KeyRecord], KeyRecord]) -> KeyRecord:
    """Put what `change` makes of a key's record in its place, and return it. Raises KeysError when there is none."""
    with _changing(path) as records:
        place = _place(records, name)
        records[place] = change(records[place])
        _check_owner(records, records[place])
        return records[place]


def list_keys(path: Path) -> list[str]:
    """Return the names of the keys. Raises KeysError."""
    return [record.name for record in read_keys(path)]


def revoke_key(path: Path, name: str) -> None:
    """Remove the key called `name`. Raises KeysError when there is none."""
    with _changing(path) as records:
        del records[_place(records, name)]


def _place(records: Sequence[KeyRecord], name: str) -> int:
    """Return where the record of the key called `name` is. Raises KeysError when there is none."""
    place = next((number for number, record in enumerate(records) if record.name == name), None)
    if place is None:
        raise KeysError(f"there is no key called {name!r}")
    return place


@contextmanager
def _changing(path: Path) -> Iterator[list[KeyRecord]]:
    """Give the records to a block that changes them, and write what it leaves; one process at a time does so.

    Without the lock, which is on the folder, a key that is revoked while another is made would come back.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network file systems have no locks on folders
            fcntl.flock(folder, fcntl.LOCK_EX)
        records = read_keys(path)
        yield records
        write_keys(path, records)
    finally:
        os.close(folder)


def write_keys(path: Path, records: list[KeyRecord]) -> None:
    """Replace the file as one step, readable by its owner only."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(Records.dump_json(records, indent=2) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _digest(key: str) -> str:
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _stamp(path: Path | None) -> tuple[int, int, int] | None:
    if path is None:
        return None
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
