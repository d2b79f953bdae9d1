"""Read the tensors of a file that torch.save wrote, without executing it.

Such a file is a program (a pickle) whose instructions build the tensors, and loading one may run any code. Here the
instructions are only read, one by one: our own code follows those that a dictionary of tensors needs, and any other is
rejected. Both layouts are read: the zip file of today, and the older one, which is a row of pickles.
"""

import io
import pickletools
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

MAGIC = 0x1950A86A20F9469CFC6C
"""The number that the older layout begins with."""

DTYPES: dict[str, np.dtype[Any]] = {
    "torch FloatStorage": np.dtype("<f4"),
    "torch HalfStorage": np.dtype("<f2"),
    "torch DoubleStorage": np.dtype("<f8"),
    "torch LongStorage": np.dtype("<i8"),
}
DICT, TENSOR, PARAMETER = (
    "collections OrderedDict",
    "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_parameter",
)
"""The only things that may be called; what they do is written here."""

CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
MARK = object()


class Name(NamedTuple):
    """Something that a file names, as "module name"; it is not looked up."""

    path: str


class Stored(NamedTuple):
    """The numbers that a tensor is a view of: their type, and the name that the file has for them."""

    dtype: np.dtype[Any]
    key: str


@dataclass(frozen=True)
class View:
    """A tensor before its numbers are read: where in its storage it begins, its shape and its strides, in numbers."""

    stored: Stored
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def tensor(self, data: bytes) -> Tensor:
        """Return the tensor. Raises ValueError when it reaches beyond its numbers."""
        numbers = np.frombuffer(data, dtype=self.stored.dtype)
        reach = sum((side - 1) * stride for side, stride in zip(self.shape, self.strides, strict=True))
        if min((*self.shape, *self.strides, self.offset, 0)) < 0 or self.offset + reach >= len(numbers):
            raise ValueError("a tensor lies outside of its storage")
        if not 0 < prod(self.shape) <= len(numbers):
            raise ValueError("a tensor is empty, or larger than its storage")
        steps = tuple(stride * numbers.itemsize for stride in self.strides)
        view = np.lib.stride_tricks.as_strided(numbers[self.offset :], self.shape, steps, writeable=False)
        return torch.from_numpy(np.array(view, order="C"))


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a saved dictionary, by name. Raises OSError, or ValueError for anything else."""
    data = path.read_bytes()
    try:
        return _of_zip(data) if zipfile.is_zipfile(io.BytesIO(data)) else _of_row(io.BytesIO(data))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path.name} is not a file of tensors: {error}") from error


def _of_zip(data: bytes) -> dict[str, Tensor]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        (program,) = (name for name in archive.namelist() if name.endswith("/data.pkl"))
        folder = program.removesuffix("data.pkl")
        views = _views(_followed(io.BytesIO(archive.read(program))))
        return {name: view.tensor(archive.read(f"{folder}data/{view.stored.key}")) for name, view in views.items()}


def _of_row(file: io.BytesIO) -> dict[str, Tensor]:
    """Read five pickles (magic number, version, machine, tensors, keys of storages), then length and bytes of each."""
    if _followed(file) != MAGIC:
        raise ValueError("the file is not one that torch.save wrote")
    _version, _machine = _followed(file), _followed(file)
    views = _views(_followed(file))
    sizes = {view.stored.key: view.stored.dtype.itemsize for view in views.values()}
    stored = {key: file.read(int.from_bytes(file.read(8), "little") * sizes[key]) for key in _followed(file)}
    return {name: view.tensor(stored[view.stored.key]) for name, view in views.items()}


def _views(found: Any) -> dict[str, View]:  # noqa: ANN401  whatever the file holds
    if not isinstance(found, dict) or not all(isinstance(one, View) for one in found.values()):
        raise ValueError("the file holds something else than a dictionary of tensors")
    return found


def _followed(file: io.BytesIO) -> Any:  # noqa: ANN401
    """Return what one pickle describes, of numbers, texts, lists, dictionaries, `Name`s and `View`s."""
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    for name, arg in _instructions(file):
        if name in ("BINPUT", "LONG_BINPUT"):
            memo[arg] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(memo[arg])
        else:
            _follow(stack, name, arg)
    return stack.pop()


def _instructions(file: io.BytesIO) -> Iterator[tuple[str, Any]]:
    for code, arg, _ in pickletools.genops(file):
        if code.name not in ("PROTO", "STOP"):
            yield code.name, arg


def _follow(stack: list[Any], name: str, arg: Any) -> None:  # noqa: ANN401
    """Do one instruction. Raises ValueError for one that no dictionary of tensors needs."""
    if name in ("BINUNICODE", "SHORT_BINSTRING", "BININT", "BININT1", "BININT2", "LONG1"):
        stack.append(arg)
    elif name in CONSTANTS:
        stack.append(CONSTANTS[name])
    elif name == "GLOBAL":
        stack.append(Name(arg))
    elif name == "MARK":
        stack.append(MARK)
    elif name == "EMPTY_DICT":
        stack.append({})
    elif name == "EMPTY_LIST":
        stack.append([])
    elif name in TUPLES:
        count = TUPLES[name]
        stack[len(stack) - count :] = [tuple(stack[len(stack) - count :])]
    elif name == "TUPLE":
        stack.append(tuple(_since_mark(stack)))
    else:
        _change(stack, name)


def _change(stack: list[Any], name: str) -> None:
    """Do an instruction that fills what is on the stack, or makes something of it."""
    if name in ("APPENDS", "APPEND"):
        items = _since_mark(stack) if name == "APPENDS" else [stack.pop()]
        stack[-1].extend(items)
    elif name in ("SETITEMS", "SETITEM"):
        items = _since_mark(stack) if name == "SETITEMS" else [stack.pop() for _ in range(2)][::-1]
        stack[-1].update(zip(items[::2], items[1::2], strict=True))
    elif name == "BINPERSID":
        kind, storage, key, *_ = stack.pop()
        if kind != "storage" or not isinstance(storage, Name):
            raise ValueError("the file refers to something else than numbers")
        stack.append(Stored(DTYPES[storage.path], key))
    elif name == "REDUCE":
        given, called = stack.pop(), stack.pop()
        stack.append(_called(called, given))
    elif name == "BUILD":
        stack.pop()  # the metadata of an OrderedDict, which is no tensor
    else:
        raise ValueError(f"the file holds the instruction {name}, which no dictionary of tensors needs")


def _called(called: Any, given: tuple[Any, ...]) -> Any:  # noqa: ANN401
    path = called.path if isinstance(called, Name) else ""
    if path == DICT:
        return dict(*given)
    if path == TENSOR:
        stored, offset, shape, strides = given[:4]
        return View(stored, offset, shape, strides)
    if path == PARAMETER:
        return given[0]
    raise ValueError(f"the file wants to call {path or called!r}, which is not done")


def _since_mark(stack: list[Any]) -> list[Any]:
    """Take what was put on the stack since the last mark, and the mark."""
    place = len(stack) - 1
    while stack[place] is not MARK:
        place -= 1
    items = stack[place + 1 :]
    del stack[place:]
    return items
