"""`python -m service.auth create NAME` prints a new API key, once; `list`, `limit` and `revoke` manage the keys."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from service.auth.keys import UNLIMITED, KeyLimits, KeysError, Scope, change_key, create_key, read_keys, revoke_key
from service.config import Settings


def main(argv: Sequence[str] | None = None) -> None:
    """Make, list, limit or revoke API keys. Exits with one sentence when that cannot be done."""
    args = _parser().parse_args(argv)
    try:
        _run(args)
    except KeysError as error:
        sys.exit(f"likeness: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="API keys of the service")
    parser.add_argument("--file", type=Path, default=Settings().keys_file or Path(".likeness/keys.json"))
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="list the names with their limits")
    for command in ("create", "limit"):
        _add_limits(commands.add_parser(command))
    commands.add_parser("revoke").add_argument("name")
    return parser


def _add_limits(parser: argparse.ArgumentParser) -> None:
    """Add the options of KeyLimits; one that is not given is not in what is parsed."""
    parser.add_argument("name")
    parser.argument_default = argparse.SUPPRESS
    parser.add_argument("--scope", dest="scopes", action="append", choices=list(Scope), help="may be repeated")
    parser.add_argument("--concurrency", type=_bound, help="maximum number of jobs running at once, or `none`")
    parser.add_argument("--daily-quota", type=_bound, help="maximum number of jobs accepted per UTC day, or `none`")


def _bound(text: str) -> int | None:
    return None if text == "none" else int(text)


def _run(args: argparse.Namespace) -> None:
    given = {name: value for name, value in vars(args).items() if name in KeyLimits.model_fields}
    if args.command == "create":
        print(create_key(args.file, args.name, _limits(UNLIMITED, given)))
    elif args.command == "limit":
        change_key(args.file, args.name, lambda record: record.model_copy(update=dict(_limits(record, given))))
    elif args.command == "revoke":
        revoke_key(args.file, args.name)
    else:
        print("".join(f"{record.name} {record.bounds}".rstrip() + "\n" for record in read_keys(args.file)), end="")


def _limits(known: KeyLimits, given: dict[str, Any]) -> KeyLimits:
    """Return known limits with those given in their place. Raises KeysError."""
    try:
        return KeyLimits(**{name: getattr(known, name) for name in KeyLimits.model_fields} | given)
    except ValidationError as error:
        wrong = "; ".join(f"--{str(item['loc'][0]).replace('_', '-')}: {item['msg']}" for item in error.errors())
        raise KeysError(wrong) from error


if __name__ == "__main__":
    main()
