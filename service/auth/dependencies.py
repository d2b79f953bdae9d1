"""Whose request it is: what the routes depend on to let a caller in."""

from typing import Annotated, Final

from fastapi import Depends, Request

from likeness.contract.errors import NotAuthenticated, ScopeMissing
from service.auth.keys import LOCAL_OWNER, Scope
from service.http.memory import held
from service.state import Services, Use

READING: Final = frozenset({"GET", "HEAD"})
"""The methods that the scope jobs:read is enough for."""


def authenticate(request: Request, services: Use) -> str:
    """Return the owner of a request: reading needs the scope jobs:read, everything else jobs:write.

    Raises NotAuthenticated when keys are in use and the request has none of them, ScopeMissing when its key may not do
    this.
    """
    return holder(request, services, Scope.READ if request.method in READING else Scope.WRITE)


def may_read_metrics(request: Request, services: Use) -> str:
    """Return the owner of a request that reads the metrics. Raises as `authenticate` does."""
    return holder(request, services, Scope.METRICS)


def holder(request: Request, services: Services, scope: Scope) -> str:
    """Return the owner of a request's key if the key has the scope. Raises NotAuthenticated and ScopeMissing."""
    services.keys.refresh()
    if not services.keys.required:
        return LOCAL_OWNER
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    owner = services.keys.owner_of(key.strip()) if scheme.lower() == "bearer" else None
    if owner is None:
        raise NotAuthenticated("send `Authorization: Bearer <key>` with an API key of this service")
    if scope not in services.keys.limits_of(owner).scopes:
        raise ScopeMissing(f"the call needs a key with the scope {scope}")
    held().owned_by(owner)
    return owner


Owner = Annotated[str, Depends(authenticate)]
MetricsReader = Annotated[str, Depends(may_read_metrics)]
