"""The secrets that webhooks are signed with: `python -m service.webhooks.secrets [NAME] [--rotate | --drop-old]`."""

import argparse
import base64
import secrets
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from service.auth.keys import KeyRecord, KeysError, change_key
from service.config import Settings

PREFIX: Final = "whsec_"
BYTES: Final = 32


def new_secret() -> str:
    """Return a new secret as Standard Webhooks writes them."""
    return PREFIX + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def webhook_secret(path: Path, name: str) -> str:
    """Return the newest secret of the key called `name`; one is made when it has none. Raises KeysError."""
    return _changed(path, name, lambda known: known or [new_secret()])


def rotate(path: Path, name: str) -> str:
    """Give a key a new secret beside the one it has, and return it; webhooks are signed with both. Raises KeysError."""

    def rotated(known: list[str]) -> list[str]:
        if len(known) > 1:
            raise KeysError(f"{name!r} has two secrets already; end that rotation first with --drop-old")
        return [new_secret(), *known]

    return _changed(path, name, rotated)


def drop_old(path: Path, name: str) -> str:
    """Keep only the newest secret of a key, and return it. Raises KeysError when it has none."""

    def newest(known: list[str]) -> list[str]:
        if not known:
            raise KeysError(f"{name!r} has no secret yet")
        return known[:1]

    return _changed(path, name, newest)


def _changed(path: Path, name: str, change: Callable[[list[str]], list[str]]) -> str:
    """Change the secrets of a key as one step, and return the newest."""

    def changed(record: KeyRecord) -> KeyRecord:
        return record.model_copy(update={"webhook_secrets": change(record.webhook_secrets)})

    return change_key(path, name, changed).webhook_secrets[0]


def main(argv: Sequence[str] | None = None) -> None:
    """Print the secret to verify webhooks with. Exits with one sentence when that cannot be done."""
    parser = argparse.ArgumentParser(description="secrets that webhooks are signed with")
    parser.add_argument("--file", type=Path, default=Settings().keys_file or Path(".likeness/keys.json"))
    parser.add_argument(
        "name", nargs="?", help="name of the key; without it, prints a new secret for LIKENESS_WEBHOOK_SECRET"
    )
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--rotate", action="store_const", dest="do", const=rotate, help="add a new one; both sign")
    choice.add_argument("--drop-old", action="store_const", dest="do", const=drop_old, help="keep only the newest")
    args = parser.parse_args(argv)
    try:
        print((args.do or webhook_secret)(args.file, args.name) if args.name else new_secret())
    except KeysError as error:
        sys.exit(f"likeness: {error}")


if __name__ == "__main__":
    main()
