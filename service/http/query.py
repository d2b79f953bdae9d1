"""Query parameters: a call takes those it declares, each once."""

from fastapi import Request

from likeness.contract.errors import InvalidField


class OnlyQuery:
    """Dependency: rejects query parameters that a call does not have, or that are given twice."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def __call__(self, request: Request) -> None:
        """Raise InvalidField for the first parameter that is unknown or repeated."""
        seen: set[str] = set()
        for name, _ in request.query_params.multi_items():
            if name not in self._names:
                raise InvalidField.at(name[:64], "unknown query parameter")
            if name in seen:
                raise InvalidField.at(name, "given more than once")
            seen.add(name)
