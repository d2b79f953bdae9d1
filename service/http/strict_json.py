"""JSON as RFC 8259 means it: no NaN, no number beyond a double, no key twice, no bottomless nesting, no flood."""

import codecs
import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from likeness.contract.errors import FieldProblem, InvalidField
from service.http.body_limits import FIELDS_BYTES
from service.http.problems import pointer

LONGEST_NUMBER: Final = 64
"""Characters; Python rejects longer integers only from 4300 digits on, after costly work."""
MOST_SIGNS: Final = FIELDS_BYTES
"""Commas and opening brackets of a body: there are hardly more values. The fields have no room for more, and base64 has
none; but in the place of an image there would be room for millions, which take a hundred times the body's memory."""

LONGEST_WORD: Final = 12
"""Characters of the longest word of JSON or escape, and some: an error so near to the end may be one that is cut."""
BLANK: Final = re.compile(r"[ \t\r\n]*")
WIDE: Final = re.compile(rb"[\x80-\xff]+")


@dataclass(frozen=True)
class _Refused:
    """Stands in a parsed value where something is wrong, until it is known where that is."""

    detail: str


def loads(text: str | bytearray, *place: str) -> Any:  # noqa: ANN401  whatever the caller sent
    """Return the value of a JSON text that stands at `place`; bytes are emptied. Raises InvalidField naming the field.

    Where there is a single character beyond ASCII, Python would keep the whole text at up to four bytes a character:
    such characters are escaped before.
    """
    if isinstance(text, bytearray) and sum(map(text.count, b",[{")) > MOST_SIGNS:
        raise _bad(f"more than {MOST_SIGNS} values", place)
    try:
        value = json.loads(narrow(text) if isinstance(text, bytearray) else text, **_hooks())
    except RecursionError as error:
        raise _bad("nested too deeply", place) from error
    except json.JSONDecodeError as error:
        raise _bad(f"not JSON: {error.msg} at character {error.pos}", place) from error
    except UnicodeDecodeError as error:
        raise _bad("not UTF-8", place) from error
    _look_for_refused(value, place)
    return value


class Scanner:
    """Reads the values of a JSON text one by one from its bytes, so that no more than one of them is in memory.

    `blocks` are the bytes in UTF-8. Raises InvalidField where they are not.
    """

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks, self._utf8 = iter(blocks), codecs.getincrementaldecoder("utf-8")()
        self._text, self._at, self._passed = "", 0, 0
        self.line = 1
        """The line in which it is, counted from 1."""
        self._decoder = json.JSONDecoder(**_hooks())
        self._skip()

    @property
    def next(self) -> str:
        """The character that comes next; none at the end."""
        return self._text[self._at : self._at + 1]

    def take(self, *signs: str) -> str:
        """Return the next character, and pass over it. Raises InvalidField unless it is one of these."""
        sign = self.next
        if sign not in signs:
            raise _bad(f"not JSON: {' or '.join(signs)} is needed at character {self._passed + self._at}", ())
        self._move(self._at + 1)
        self._skip()
        return sign

    def value(self, most: int, *place: str | int) -> Any:  # noqa: ANN401  whatever the caller sent
        """Return the value that comes next, of at most so many characters, at `place`. Raises InvalidField."""
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except RecursionError as error:
                raise _bad("nested too deeply", place) from error
            except json.JSONDecodeError as error:
                wrong, cut = f"not JSON: {error.msg} at character {self._passed + error.pos}", self._is_cut(error)
                if cut and not self._may_go_on(most):
                    raise _bad(f"longer than {most} characters", place) from error
                if not cut or not self._read():
                    raise _bad(wrong, place) from error
                continue
            length = end - self._at
            if end < len(self._text) or not self._read():  # a number at the end of what is here may go on
                break
        if length > most:
            raise _bad(f"longer than {most} characters", place)
        self._move(self._at + length)
        self._skip()
        _look_for_refused(value, place)
        return value

    def _is_cut(self, error: json.JSONDecodeError) -> bool:
        """Return whether what is wrong may be only that the value goes on in the next bytes."""
        return error.msg.startswith("Unterminated string") or error.pos > len(self._text) - LONGEST_WORD

    def _may_go_on(self, most: int) -> bool:
        return len(self._text) - self._at <= most

    def _read(self) -> bool:
        """Read as much again as is here, so that a long value is not looked at for every block; False at the end."""
        pieces, wanted = [self._text[self._at :]], max(1, len(self._text) - self._at)
        self._passed += self._at
        self._at = 0
        while wanted > 0 and (piece := self._piece()):
            pieces.append(piece)
            wanted -= len(piece)
        self._text = "".join(pieces)
        return len(pieces) > 1

    def _piece(self) -> str:
        """Return the text of the next bytes; none at the end."""
        try:
            for block in self._blocks:
                if text := self._utf8.decode(block):
                    return text
            return self._utf8.decode(b"", final=True)
        except UnicodeDecodeError as error:
            raise InvalidField("body: not UTF-8", [FieldProblem("#/", "UTF-8")]) from error

    def _move(self, to: int) -> None:
        self.line += self._text.count("\n", self._at, to)
        self._at = to

    def _skip(self) -> None:
        """Pass over blanks."""
        while found := BLANK.match(self._text, self._at):
            self._move(found.end())
            if self._at < len(self._text) or not self._read():
                break


def fields_of(body: bytearray) -> dict[str, Any]:
    """Return the fields of a JSON body, those that are null left out: null says nothing, as an empty part of a form.

    Raises InvalidField naming the field.
    """
    fields = loads(body)
    if not isinstance(fields, dict):
        raise InvalidField("body: an object is needed", [FieldProblem("#/", "an object")])
    return {name: value for name, value in fields.items() if value is not None}


def narrow(body: bytearray) -> str:
    """Return the text of a body in ASCII, and empty the body. Raises UnicodeDecodeError unless it is UTF-8."""
    if not body.isascii():
        body[:] = WIDE.sub(_escaped, body)
    text = body.decode("ascii")
    body.clear()
    return text


def _escaped(found: re.Match[bytes]) -> bytes:
    return json.dumps(found[0].decode())[1:-1].encode()


def _bad(detail: str, place: tuple[str | int, ...]) -> InvalidField:
    at = pointer(place)
    return InvalidField(f"{at.removeprefix('#/') or 'body'}: {detail}", [FieldProblem(at, detail)])


def _hooks() -> dict[str, Any]:
    return {"object_pairs_hook": _object, "parse_constant": _constant, "parse_float": _float, "parse_int": _int}


def _look_for_refused(value: Any, place: tuple[str | int, ...]) -> None:  # noqa: ANN401  any JSON value
    """Raise InvalidField at the first thing rejected. Without recursion: the nesting is the caller's."""
    left = [(value, place)]
    while left:
        value, place = left.pop()
        if isinstance(value, _Refused):
            raise _bad(value.detail, place)
        if isinstance(value, dict):
            left += [(inner, (*place, key)) for key, inner in value.items() if _may_hold(inner)]
        elif isinstance(value, list):
            left += [(inner, (*place, index)) for index, inner in enumerate(value) if _may_hold(inner)]


def _may_hold(value: Any) -> bool:  # noqa: ANN401  any JSON value
    return isinstance(value, dict | list | _Refused)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object; a key that stands twice is rejected, since which of them counts would be a guess."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        found[name] = _Refused("given more than once") if name in found else value
    return found


def _constant(name: str) -> _Refused:
    return _Refused(f"{name} is not a number of JSON")


def _float(text: str) -> float | _Refused:
    value = float(text) if len(text) <= LONGEST_NUMBER else math.inf
    return value if math.isfinite(value) else _Refused("a number that is too large or too long")


def _int(text: str) -> int | _Refused:
    return int(text) if len(text) <= LONGEST_NUMBER else _Refused("a number that is too large or too long")
