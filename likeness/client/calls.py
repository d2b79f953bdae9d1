"""The calls of the API as data: what is sent, and how a good answer is read. Nothing here sends anything.

`Client` and `AsyncClient` are two ways of sending these.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar, get_args
from uuid import uuid4

import httpx
from pydantic import BaseModel, ValidationError

from likeness import __version__
from likeness.client.body import Fields, File, content_of
from likeness.client.models import DryRun, EngineInfo, EngineList, Health, JobPage, RemoteJob, Usage
from likeness.client.retries import problem_of
from likeness.contract.comparison import JobKind
from likeness.contract.report import Report
from likeness.contract.tasks import Region
from likeness.problems import LikenessProblem

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
PNG: Final = "image/png"

Answer = TypeVar("Answer")
Told = TypeVar("Told", bound=BaseModel)


@dataclass(frozen=True)
class Call(Generic[Answer]):
    """One request: `sent` are httpx's arguments; `read` makes what is returned of a good answer.

    `patience` are the seconds that the service is asked to wait before it answers. `good` are the statuses beside 2xx
    whose answers are read too.
    """

    method: str
    path: str
    read: Callable[[httpx.Response], Answer]
    sent: Mapping[str, Any] = field(default_factory=dict)
    patience: float = 0.0
    good: frozenset[int] = frozenset()

    def answered_by(self, answer: httpx.Response) -> bool:
        """Return whether this is an answer to read."""
        return answer.is_success or answer.status_code in self.good


def connection(base_url: str, api_key: str | None, timeout: float) -> dict[str, Any]:
    """Return httpx's arguments for a client of one service. Raises LikenessProblem when the address is none."""
    headers = {"User-Agent": f"likeness/{__version__}"}
    if api_key:
        headers["Authorization"] = f"Bearer {api_key}"
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise LikenessProblem(0, "invalid_url", f"{base_url}: {error}") from error
    # A proxy that the environment names could not reach a service on this machine.
    return {"base_url": url, "headers": headers, "timeout": timeout, "trust_env": url.host not in LOOPBACK}


def recreate(picture: File, fields: Mapping[str, Fields], key: str | None) -> Call[RemoteJob]:
    """Hand in a picture to be recreated."""
    return _hand_in("/recreate", {"image": picture}, fields, key)


def customise(files: Mapping[str, File | None], fields: Mapping[str, Fields], key: str | None) -> Call[RemoteJob]:
    """Hand in a picture to be changed; `mask` among the files may be a region instead."""
    mask = files.get("mask")
    if mask in get_args(Region):
        return _hand_in("/customise", {**files, "mask": None}, {**fields, "mask": str(mask)}, key)
    return _hand_in("/customise", files, fields, key)


def compare(
    files: Mapping[str, File | None],
    runs: Sequence[Mapping[str, Any]],
    task: Mapping[str, Any] | None,
    fields: Mapping[str, Fields],
    key: str | None,
) -> Call[RemoteJob]:
    """Hand in a picture to go through several engines and settings."""
    return _hand_in("/compare", files, {**fields, "runs": runs, "task": task}, key)


def generate(prompt: str | None, fields: Mapping[str, Fields], key: str | None) -> Call[RemoteJob]:
    """Have a new picture made."""
    return _hand_in("/generate", {}, {"prompt": prompt, **fields}, key)


def reproduce(job: RemoteJob | str, key: str | None) -> Call[RemoteJob]:
    """Have the images of a job made again."""
    return Call("POST", f"{path_of(job)}/reproduce", _as(RemoteJob), {"headers": _keyed(key)})


def dry_run(kind: JobKind, picture: File | None, fields: Mapping[str, Fields]) -> Call[DryRun]:
    """Ask what handing in this picture would do."""
    content = content_of({"image": picture}, fields)
    return Call("POST", f"/{kind}", _as(DryRun), {"params": {"dry_run": "true"}, **content})


def job(job: RemoteJob | str, wait: int, presigned: bool = False) -> Call[RemoteJob]:
    """Read a job, once it has ended or `wait` seconds have passed."""
    params: dict[str, int | str] = ({"wait": wait} if wait else {}) | ({"links": "presigned"} if presigned else {})
    return Call("GET", path_of(job), _as(RemoteJob), {"params": params or None}, wait)


def page(cursor: str | None, limit: int) -> Call[JobPage]:
    """Read a page of the list of jobs, the first where `cursor` is None."""
    params = {"limit": limit, "cursor": cursor} if cursor else {"limit": limit}
    return Call("GET", "/jobs", _as(JobPage), {"params": params})


def image(job: RemoteJob | str, n: int) -> Call[bytes]:
    """Read the bytes of an image."""
    return Call("GET", image_path(job, n), _content)


def preview(job: RemoteJob | str) -> Call[bytes | None]:
    """Read what a running job shows so far; None where that is nothing."""
    return Call("GET", f"{path_of(job)}/preview", _preview, good=frozenset({404}))


def sheet(job: RemoteJob | str) -> Call[bytes]:
    """Read the contact sheet of a comparison."""
    return Call("GET", f"{path_of(job)}/sheet", _content)


def report(job: RemoteJob | str, n: int) -> Call[Report]:
    """Read the report of an image."""
    return Call("GET", f"{path_of(job)}/report", _as(Report), _report("application/json", n))


def report_card(job: RemoteJob | str, n: int) -> Call[bytes]:
    """Read the report of an image as a picture."""
    return Call("GET", f"{path_of(job)}/report", _content, _report(PNG, n))


def engines() -> Call[list[EngineInfo]]:
    """Read the catalogue."""
    return Call("GET", "/engines", lambda answer: parse(EngineList, answer).engines)


def cancel(job: RemoteJob | str) -> Call[RemoteJob]:
    """Stop a job."""
    return Call("POST", f"{path_of(job)}/cancel", _as(RemoteJob))


def delete(job: RemoteJob | str) -> Call[None]:
    """Stop a job and erase its pictures."""
    return Call("DELETE", path_of(job), lambda _: None)


def usage(days: int) -> Call[Usage]:
    """Read what the key used."""
    return Call("GET", "/usage", _as(Usage), {"params": {"days": days}})


def health() -> Call[Health]:
    """Ask whether the service can do its work; that it cannot is an answer too."""
    return Call("GET", "/readyz", _health, good=frozenset({503}))


def id_of(job: RemoteJob | str) -> str:
    """Return the id of a job that is given as such or by its id."""
    return job if isinstance(job, str) else job.id


def path_of(job: RemoteJob | str) -> str:
    """Return where a job is."""
    return f"/jobs/{id_of(job)}"


def image_path(job: RemoteJob | str, n: int) -> str:
    """Return where an image of a job is."""
    return f"{path_of(job)}/images/{n}"


def parse(model: type[Told], answer: httpx.Response) -> Told:
    """Return what an answer tells. Raises LikenessProblem when it is no answer of a Likeness service."""
    try:
        return model.model_validate(answer.json(), extra="ignore")
    except (ValidationError, ValueError) as error:
        detail = f"{answer.request.url} did not answer as a Likeness service does"
        raise LikenessProblem(answer.status_code, "unexpected_answer", detail) from error


def _hand_in(
    path: str, files: Mapping[str, File | None], fields: Mapping[str, Fields], key: str | None
) -> Call[RemoteJob]:
    return Call("POST", path, _as(RemoteJob), {"headers": _keyed(key), **content_of(files, fields)})


def _keyed(key: str | None) -> dict[str, str]:
    """Return the header by which sending the same request again never makes a second job."""
    return {"Idempotency-Key": key or uuid4().hex}


def _report(media_type: str, n: int) -> dict[str, Any]:
    return {"headers": {"Accept": media_type}, "params": {"image": n} if n else None}


def _as(model: type[Told]) -> Callable[[httpx.Response], Told]:
    return lambda answer: parse(model, answer)


def _content(answer: httpx.Response) -> bytes:
    return answer.content


def _preview(answer: httpx.Response) -> bytes | None:
    if answer.is_success:
        return answer.content
    problem = problem_of(answer)
    if problem.code != "no_preview":
        raise problem
    return None


def _health(answer: httpx.Response) -> Health:
    if answer.is_success:
        return Health(ready=True)
    problem = problem_of(answer)
    if problem.code != "not_ready":
        raise problem
    return Health(ready=False, detail=problem.detail)
