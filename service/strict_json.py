"""JSON as RFC 8259 means it: no NaN, no number beyond a double, no key twice, no bottomless nesting."""

import json
import math
from typing import Any, Final

from likeness.contract.errors import FieldProblem, InvalidField

LONGEST_NUMBER: Final = 64
"""Characters; Python refuses longer integers only from 4300 digits on, after costly work."""


def loads(text: str | bytes) -> Any:  # noqa: ANN401  whatever the caller sent
    """Return the value of a JSON text. Raises InvalidField at "#/"."""
    try:
        return json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite, parse_int=_short
        )
    except RecursionError as error:
        raise _bad("nested too deeply") from error
    except json.JSONDecodeError as error:
        raise _bad(f"not JSON: {error.msg} at character {error.pos}") from error
    except UnicodeDecodeError as error:
        raise _bad("not UTF-8") from error


def _bad(detail: str) -> InvalidField:
    return InvalidField(detail, [FieldProblem("#/", detail)])


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object, unless a key stands twice: which one counts would be a guess."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _bad(f"the key {twice[:64]!r} stands twice")
    return found


def _no_constant(name: str) -> None:
    raise _bad(f"{name} is not JSON")


def _finite(text: str) -> float:
    value = float(text) if len(text) <= LONGEST_NUMBER else math.inf
    if not math.isfinite(value):
        raise _bad("a number that is too large or too long")
    return value


def _short(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise _bad("a number that is too large or too long")
    return int(text)
