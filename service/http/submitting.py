"""Which routes accept jobs: each says so where it is declared, and the metrics and the body limits read it there."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
MARK: Final = "__submits__"
MOST_IMAGES: Final = 4
"""In one body: the image, its mask, and a logo, a style image, a guide or a control map."""


@dataclass(frozen=True)
class Submits:
    """A call that accepts a job; its body holds `images` images at most, or `rows` of a batch."""

    images: int
    rows: bool = False


def submits(images: int, rows: bool = False) -> Callable[[Endpoint], Endpoint]:
    """Mark an endpoint as one that accepts jobs, of `images` images at most. Goes below its `@router.post`."""

    def marked(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, MARK, Submits(images, rows))
        return endpoint

    return marked


def submits_of(endpoint: object) -> Submits | None:
    """Return the mark of an endpoint; None where it accepts no jobs."""
    return getattr(endpoint, MARK, None)


class SubmittingRoutes:
    """The marked ones of an app's routes, for middleware that sees a request before it is routed."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        marked = [(route, submits_of(route.endpoint)) for route in routes if isinstance(route, Route)]
        self._marks = [(route, mark) for route, mark in marked if mark is not None]

    def of(self, scope: Scope) -> Submits | None:
        """Return the mark of the route that a request will take; None where it accepts no jobs."""
        return next((mark for route, mark in self._marks if route.matches(scope)[0] is Match.FULL), None)
