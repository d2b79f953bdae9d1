"""One request as a value, and how a client's method that sends it is documented."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import update_wrapper
from typing import Any, Generic, TypeVar, get_args

import httpx

Answer = TypeVar("Answer")
Method = TypeVar("Method", bound=Callable[..., Any])


@dataclass(frozen=True)
class Call(Generic[Answer]):
    """One request, and how to read its response.

    `sent` are keyword arguments for `httpx.Client.request`. `patience` is how many seconds the service may hold the
    request before it responds. `good` lists statuses other than 2xx that `read` accepts.
    """

    method: str
    path: str
    read: Callable[[httpx.Response], Answer]
    sent: Mapping[str, Any] = field(default_factory=dict)
    patience: float = 0.0
    good: frozenset[int] = frozenset()

    def accepts(self, response: httpx.Response) -> bool:
        """Return whether `read` can read this response."""
        return response.is_success or response.status_code in self.good


def document(method: Method, build: Callable[..., Call[Any]]) -> Method:
    """Give a client's method the name, docstring and signature of the function that builds its call."""
    update_wrapper(method, build)
    signature = inspect.signature(build)
    client = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    method.__signature__ = signature.replace(  # type: ignore[attr-defined]  # help() and notebooks read it
        parameters=[client, *signature.parameters.values()],
        return_annotation=get_args(signature.return_annotation)[0],
    )
    return method
