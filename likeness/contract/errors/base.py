"""The root of the tree of errors."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

Fault = Literal["caller", "engine", "service"]


@dataclass(frozen=True)
class FieldProblem:
    """One field that is wrong: a JSON pointer (or `#/header/<name>`) and the correct value."""

    pointer: str
    detail: str


class LikenessError(Exception):
    """Base of the tree. `code` is stable and public; `fault` says who has to act."""

    code: ClassVar[str] = "error"
    title: ClassVar[str] = "Something went wrong"
    fault: ClassVar[Fault] = "service"
    most_problems: ClassVar[int] = 20
    """How many of its problems the caller is told."""

    def __init__(self, detail: str, problems: list[FieldProblem] | None = None, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.problems = problems or []
        self.retry_after = retry_after


def every_error(root: type[LikenessError] = LikenessError) -> Iterator[type[LikenessError]]:
    """Yield the whole tree, root first."""
    yield root
    for child in root.__subclasses__():
        yield from every_error(child)
