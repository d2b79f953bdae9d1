"""Whose request it is: what the routes depend on to let a caller in, by API key or, where it opens, by review link."""

from typing import Annotated, Final, NamedTuple

from anyio import to_thread
from fastapi import Depends, Request

from likeness.contract.errors import JobNotFound, NotAuthenticated, ScopeMissing
from service.auth.keys import LOCAL_OWNER, KeyRecord, Scope
from service.http.memory import held
from service.queue.review_links import PREFIX, ReviewLink
from service.state import Services, Use

READING: Final = frozenset({"GET", "HEAD"})
"""The methods that the scope jobs:read is enough for."""


class Caller(NamedTuple):
    """Who calls: whose jobs the key has, the name of the key itself, and the one reference that a link is for."""

    owner: str
    name: str
    only: str | None = None


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


async def may_look(request: Request, services: Use) -> Caller:
    """Return who looks at jobs, by key or by review link. Raises as `authenticate` does."""
    return await _by_key_or_link(request, services, Scope.READ)


async def may_look_at_job(request: Request, services: Use) -> Caller:
    """Return who looks at the job of the address. Raises as `authenticate` does, and JobNotFound beyond a link."""
    return await _within(request, services, await may_look(request, services))


async def may_review(request: Request, services: Use) -> Caller:
    """Return who reviews the job of the address. Raises as `may_look_at_job` does."""
    return await _within(request, services, await _by_key_or_link(request, services, Scope.REVIEW))


async def _by_key_or_link(request: Request, services: Services, scope: Scope) -> Caller:
    token = _bearer(request)
    if token is None or not token.startswith(PREFIX) or not services.keys.required:
        return await to_thread.run_sync(caller_of, request, services, scope)
    link = await services.review_links.find(token)
    if link is None:
        raise NotAuthenticated("this review link is none, or its time is over")
    _check_maker(services, link, scope)
    held().owned_by(link.owner)
    return Caller(link.owner, f"{link.name} (link)", link.reference)


def _check_maker(services: Services, link: ReviewLink, scope: Scope) -> None:
    """Raise where the key that made a link could not do this itself, or is no longer there, or its owner's is not."""
    services.keys.refresh()
    maker, owner = (services.keys.limits_of(name) for name in (link.maker, link.owner))
    if not (isinstance(maker, KeyRecord) and isinstance(owner, KeyRecord) and maker.tenant == link.owner):
        raise NotAuthenticated("the API key that made this review link is revoked")
    if scope not in maker.scopes:
        raise ScopeMissing(f"the API key that made this review link lacks the scope {scope}")


async def _within(request: Request, services: Services, caller: Caller) -> Caller:
    """Return a caller who may see the job of the address. Raises JobNotFound where a review link is for others."""
    if caller.only is not None:
        job = await services.queue.fetch(request.path_params["job_id"], caller.owner)
        if job.labels.reference != caller.only:
            raise JobNotFound(f"there is no job {job.id}")
    return caller


def _bearer(request: Request) -> str | None:
    """Return what a request authenticates itself with."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else None


def caller_of(request: Request, services: Services, scope: Scope) -> Caller:
    """Return who calls, if the request's key has the scope. Raises NotAuthenticated and ScopeMissing."""
    services.keys.refresh()
    if not services.keys.required:
        return Caller(LOCAL_OWNER, LOCAL_OWNER)
    key = _bearer(request)
    record = None if key is None else services.keys.find(key)
    if record is None:
        raise NotAuthenticated("send `Authorization: Bearer <key>` with an API key of this service")
    if scope not in record.scopes:
        raise ScopeMissing(f"the call needs a key with the scope {scope}")
    held().owned_by(record.tenant)
    return Caller(record.tenant, record.name)


Owner = Annotated[str, Depends(authenticate)]
Authenticated = Annotated[Caller, Depends(authenticated)]
MetricsReader = Annotated[str, Depends(may_read_metrics)]
Viewer = Annotated[Caller, Depends(may_look)]
JobViewer = Annotated[Caller, Depends(may_look_at_job)]
Reviewer = Annotated[Caller, Depends(may_review)]
