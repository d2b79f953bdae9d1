"""`python -m service.auth create NAME` prints a new API key, once; `list`, `limit` and `revoke` manage the keys."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from likeness.contract.errors import QueueUnavailable
from service.auth.keys import UNLIMITED, KeyLimits, KeysError, Scope, change_key, create_key, read_keys, revoke_key
from service.config import Settings, read_settings
from service.queue.jobs import JobQueue


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
    create = commands.add_parser("create")
    create.add_argument("--owner", help="name of the key whose jobs it shares")
    for command in (create, commands.add_parser("limit")):
        _add_limits(command)
    revoke = commands.add_parser("revoke")
    revoke.add_argument("name")
    revoke.add_argument("--cancel", action="store_true", help="also cancel its jobs that wait or run")
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
        print(create_key(args.file, args.name, _limits(UNLIMITED, given), args.owner))
    elif args.command == "limit":
        change_key(args.file, args.name, lambda record: record.model_copy(update=dict(_limits(record, given))))
    elif args.command == "revoke":
        revoke_key(args.file, args.name)
        if args.cancel:
            print(f"{asyncio.run(_cancelled(args.name))} jobs cancelled")
    else:
        print("".join(f"{record.summary}\n" for record in read_keys(args.file)), end="")


async def _cancelled(owner: str) -> int:
    """Cancel the jobs of a key that is revoked, which nobody else can; return how many. Raises KeysError."""
    settings = read_settings()
    queue = JobQueue.connect(settings.redis_url, max_queued=0, lifetime=settings.lifetime)
    try:
        return await queue.cancel_all(owner)
    except QueueUnavailable as error:
        raise KeysError(f"the key is revoked, but its jobs are not cancelled: {error.detail}") from error
    finally:
        await queue.close()


def _limits(known: KeyLimits, given: dict[str, Any]) -> KeyLimits:
    """Return known limits with those given in their place. Raises KeysError."""
    try:
        return KeyLimits(**{name: getattr(known, name) for name in KeyLimits.model_fields} | given)
    except ValidationError as error:
        wrong = "; ".join(f"--{str(item['loc'][0]).replace('_', '-')}: {item['msg']}" for item in error.errors())
        raise KeysError(wrong) from error


if __name__ == "__main__":
    main()
