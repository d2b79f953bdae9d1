"""Our fields by the names another API has for them, in what is found wrong with a request."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from likeness.contract.errors import FieldProblem, RequestError


@contextmanager
def told_as(names: Mapping[str, str]) -> Iterator[None]:
    """Name the fields in whatever the block finds wrong as `names` does; those it lacks keep ours."""
    try:
        yield
    except RequestError as error:
        if not error.problems:
            raise
        problems = [FieldProblem(f"#/{_renamed(_place(found), names)}", found.detail) for found in error.problems]
        raise type(error)(renamed(error.detail, names), problems, error.retry_after) from error


def renamed(detail: str, names: Mapping[str, str]) -> str:
    """Return a detail with the fields at the head of its sentences by the other names."""
    parts = [part.partition(":") for part in detail.split("; ")]
    return "; ".join(f"{_renamed(head, names)}{colon}{rest}" for head, colon, rest in parts)


def _renamed(place: str, names: Mapping[str, str]) -> str:
    return names.get(place, place)


def _place(problem: FieldProblem) -> str:
    return problem.pointer.removeprefix("#/")
