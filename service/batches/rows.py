"""The rows of a batch as they are posted: JSON, JSONL or CSV, read one by one from the body that holds them.

The body is kept compressed, and of what is read no more than an item is in memory.
"""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from anyio import to_thread
from fastapi import Request
from starlette.datastructures import UploadFile

from likeness.contract.errors import FieldProblem, InvalidBatch, InvalidField
from service.http import strict_json
from service.http.bodies import FORM, JSON, form_parts, media_type_of
from service.http.packed import BLOCK, Packed, packed_body

JSONL: Final = ("application/jsonl", "application/x-ndjson", "application/x-jsonlines")
LONGEST_LINE: Final = 64 * 1024
"""Bytes of one item; of JSON, characters."""
LONGEST_HEAD: Final = 4 * 1024 * 1024
"""Characters of what stands beside the items: recipes may have small images in them."""
LONGEST_FIELD: Final = 1024
"""Characters of a field's name."""
ITEMS: Final = "items"


@dataclass(frozen=True)
class Row:
    """One item as it was sent: the line where it begins, counted from 1, and its fields; of a CSV all are texts."""

    line: int
    fields: dict[str, Any]
    of_csv: bool = False
    wrong: str | None = None
    """What is wrong with the row as a whole."""


@dataclass(frozen=True)
class Posted:
    """What is posted as a batch: the fields beside its items, and its items, which are read again by each call."""

    head: dict[str, Any]
    rows: Callable[[], Iterator[Row]]


async def read_posted(request: Request, most: int) -> Posted:
    """Read the body of a request. Raises UnsupportedMedia, InvalidField, or what bounds bodies."""
    media_type = media_type_of(request, JSON, *JSONL, FORM)
    if media_type == FORM:
        async with form_parts(request, most) as parts:
            return await _of_form(parts)
    body = await packed_body(request)
    return await to_thread.run_sync(of_json if media_type == JSON else of_jsonl, body)


async def _of_form(parts: Sequence[tuple[str, Any]]) -> Posted:
    head: dict[str, Any] = {}
    rows: Callable[[], Iterator[Row]] | None = None
    for name, value in parts:
        if name == ITEMS and isinstance(value, UploadFile):
            body, ending = await _packed(value), PurePosixPath(value.filename or "").suffix.lower()
            csv_said = ending == ".csv" or (value.content_type or "").startswith("text/csv")
            rows = _rows_of_csv(body) if csv_said else _rows_of_jsonl(body, 0)
        elif isinstance(value, UploadFile) or name in head:
            raise InvalidField.at(name[:64], "only `items` is a file, and each part is sent once")
        else:
            head[name] = strict_json.loads(value, name) if value[:1] in "[{" else value
    if rows is None:
        raise InvalidField.at(ITEMS, "a file part of this name is required: .csv or .jsonl")
    return Posted(head, rows)


async def _packed(file: UploadFile) -> Packed:
    body = Packed()
    while data := await file.read(BLOCK):
        body.add(data)
    return body


def of_json(body: Packed) -> Posted:
    """Return what a JSON body posts, all of which is JSON. Raises InvalidField."""
    head: dict[str, Any] = {}
    items = 0
    scanner = strict_json.Scanner(body)
    for name in _names(scanner):
        if name in head or (name == ITEMS and items):
            raise InvalidField.at(name[:64], "given more than once")
        if name == ITEMS:
            items = 1 + sum(1 for _ in _elements(scanner))
        else:
            head[name] = scanner.value(LONGEST_HEAD, name)
    if scanner.next:
        raise InvalidField("body: not JSON: something follows the object", [FieldProblem("#/", "one object")])
    if not items:
        raise InvalidField.at(ITEMS, "missing: a list of items is required")
    return Posted(head, lambda: _rows_of_json(body))


def _names(scanner: strict_json.Scanner) -> Iterator[str]:
    """Yield the names of the object that is the whole text; the value of each must be read before the next."""
    sign = scanner.take("{")
    while sign != "}" and (sign == "," or scanner.next != "}"):
        name = str(scanner.value(LONGEST_FIELD))
        scanner.take(":")
        yield name
        sign = scanner.take(",", "}")
    if sign == "{":
        scanner.take("}")


def _elements(scanner: strict_json.Scanner) -> Iterator[tuple[int, Any]]:
    """Yield the elements of the list that comes next, each with the line in which it begins."""
    sign, number = scanner.take("["), 0
    while sign != "]" and (sign == "," or scanner.next != "]"):
        line = scanner.line
        yield line, scanner.value(LONGEST_LINE, ITEMS, number)
        sign, number = scanner.take(",", "]"), number + 1
    if sign == "[":
        scanner.take("]")


def _rows_of_json(body: Packed) -> Iterator[Row]:
    scanner = strict_json.Scanner(body)
    for name in _names(scanner):
        if name == ITEMS:
            yield from (_row(line, value) for line, value in _elements(scanner))
            return
        scanner.value(LONGEST_HEAD, name)


def of_jsonl(body: Packed) -> Posted:
    """Return what a JSONL body posts: its first line holds what is beside the items. Raises InvalidField."""
    head = strict_json.fields_of(bytearray(next(body.lines(), b"")))
    return Posted(head, _rows_of_jsonl(body, 1))


def _rows_of_jsonl(body: Packed, skipped: int) -> Callable[[], Iterator[Row]]:
    def rows() -> Iterator[Row]:
        for number, data in enumerate(body.lines(), start=1):
            if number <= skipped or not data.strip():
                continue
            if len(data) > LONGEST_LINE:
                yield Row(number, {}, wrong=f"a line of at most {LONGEST_LINE} bytes")
                continue
            try:
                yield _row(number, strict_json.loads(bytearray(data)))
            except InvalidField as error:
                yield Row(number, {}, wrong=error.detail.removeprefix("body: "))

    return rows


def _row(line: int, value: Any) -> Row:  # noqa: ANN401  any JSON value
    if not isinstance(value, dict):
        return Row(line, {}, wrong="an object is needed")
    return Row(line, {name: said for name, said in value.items() if said is not None})


def _rows_of_csv(body: Packed) -> Callable[[], Iterator[Row]]:
    def rows() -> Iterator[Row]:
        first = next(body.lines(), b"")
        reader = csv.reader(_texts(body), strict=True, delimiter=";" if b";" in first and b"," not in first else ",")
        try:
            names = [name.strip() for name in next(reader, [])]
            if len(set(names)) < len(names) or "" in names:
                raise InvalidBatch("the columns in line 1 must have names, each its own", [_columns(names)])
            line = reader.line_num + 1
            for cells in reader:
                if any(cells):
                    yield _of_cells(line, names, cells)
                line = reader.line_num + 1
        except (csv.Error, UnicodeDecodeError) as error:
            yield Row(reader.line_num, {}, wrong=f"not CSV in UTF-8: {error}")

    return rows


def _columns(names: Sequence[str]) -> FieldProblem:
    return FieldProblem(f"#/{ITEMS}", f"line 1: columns of different names; found {', '.join(names)[:200]}")


def _of_cells(line: int, names: Sequence[str], cells: Sequence[str]) -> Row:
    if len(cells) != len(names):
        return Row(line, {}, True, f"{len(cells)} cells, and there are {len(names)} columns")
    return Row(line, {name: cell for name, cell in zip(names, cells, strict=True) if cell != ""}, True)


def _texts(body: Packed) -> Iterator[str]:
    """Yield the lines of a CSV with their ends, which may stand within a quoted cell."""
    for number, data in enumerate(body.lines()):
        yield data.decode("utf-8-sig" if number == 0 else "utf-8") + "\n"
