"""Whose request it is: what the routes depend on to let a caller in."""

from typing import Annotated, Final, NamedTuple

from fastapi import Depends, Request

from likeness.contract.errors import NotAuthenticated, ScopeMissing
from service.auth.keys import LOCAL_OWNER, Scope
from service.http.memory import held
from service.state import Services, Use

READING: Final = frozenset({"GET", "HEAD"})
"""The methods that the scope jobs:read is enough for."""


class Caller(NamedTuple):
    """Who calls: whose jobs the key has, and the name of the key itself."""

    owner: str
    name: str


def authenticated(request: Request, services: Use) -> Caller:
    """Return who calls: reading needs the scope jobs:read, everything else jobs:write.

    Raises NotAuthenticated when keys are in use and the request has none of them, ScopeMissing when its key may not do
    this.
    """
    return caller_of(request, services, Scope.READ if request.method in READING else Scope.WRITE)


def authenticate(request: Request, services: Use) -> str:
    """Return the owner of a request. Raises as `authenticated` does."""
    return authenticated(request, services).owner


def may_read_metrics(request: Request, services: Use) -> str:
    """Return the owner of a request that reads the metrics. Raises as `authenticate` does."""
    return caller_of(request, services, Scope.METRICS).owner


def may_review(request: Request, services: Use) -> Caller:
    """Return who reviews. Raises as `authenticate` does."""
    return caller_of(request, services, Scope.REVIEW)


def caller_of(request: Request, services: Services, scope: Scope) -> Caller:
    """Return who calls, if the request's key has the scope. Raises NotAuthenticated and ScopeMissing."""
    services.keys.refresh()
    if not services.keys.required:
        return Caller(LOCAL_OWNER, LOCAL_OWNER)
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    record = services.keys.find(key.strip()) if scheme.lower() == "bearer" else None
    if record is None:
        raise NotAuthenticated("send `Authorization: Bearer <key>` with an API key of this service")
    if scope not in record.scopes:
        raise ScopeMissing(f"the call needs a key with the scope {scope}")
    held().owned_by(record.tenant)
    return Caller(record.tenant, record.name)


Owner = Annotated[str, Depends(authenticate)]
Authenticated = Annotated[Caller, Depends(authenticated)]
MetricsReader = Annotated[str, Depends(may_read_metrics)]
Reviewer = Annotated[Caller, Depends(may_review)]
