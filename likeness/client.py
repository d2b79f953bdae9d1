"""The Python client: hand in a picture, wait, get the images and their reports.

    with Client("http://127.0.0.1:8000") as client:
        job = client.wait(client.recreate("shirt.jpg"))
        Path("recreated.jpg").write_bytes(client.image(job))
        job = client.wait(client.customise("shirt.jpg", instruction="make it red", mask="product"))
        job = client.wait(client.generate("a red shirt on a hanger", width=512, height=768))

Every call is tried again when the service is busy or away, a bounded number of times; a POST carries a key that makes
sure that trying again never makes a second job.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar, get_args
from uuid import uuid4

import httpx
from pydantic import BaseModel, ValidationError

from likeness.contract.comparison import JobKind
from likeness.contract.errors import FieldProblem
from likeness.contract.report import Report
from likeness.contract.tasks import Region
from likeness.form import Fields, File, content_of
from likeness.problems import LikenessProblem
from likeness.wire import DryRun, EngineInfo, EngineList, JobPage, RemoteJob

__all__ = ["Client", "FieldProblem", "LikenessProblem", "RemoteJob"]

ATTEMPTS = 5
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
RETRIED_STATUS = frozenset({429, 502, 503})
RETRIED_CODES = frozenset({"idempotency_pending"})
FIRST_PAUSE = 0.25
"""Seconds before the second try when the service does not say; doubles each time."""
LONGEST_PAUSE = 30.0
"""Seconds; a longer Retry-After is cut to this."""
SHORTEST_ROUND = 0.25
"""Seconds from one look at a job to the next, at least."""
WAIT_SECONDS = 25
"""How long one GET asks the service to wait for a change."""

Answer = TypeVar("Answer", bound=BaseModel)


class Client:
    """A connection to one service. Every method raises LikenessProblem."""

    def __init__(self, base_url: str, api_key: str | None = None, timeout: float = 30.0) -> None:
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        try:
            url = httpx.URL(base_url)
            # A proxy that the environment names could not reach a service on this machine.
            self._http = httpx.Client(
                base_url=url, headers=headers, timeout=timeout, trust_env=url.host not in LOOPBACK
            )
        except httpx.InvalidURL as error:
            raise LikenessProblem(0, "invalid_url", f"{base_url}: {error}") from error
        self._timeout = timeout

    def __enter__(self) -> Self:
        """Use as a context manager to close the connections at the end."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def recreate(self, picture: File, **fields: Fields) -> RemoteJob:
        """Hand in a picture (a path or its bytes) to be recreated; `fields` are those of `POST /recreate`."""
        return self._hand_in("/recreate", {"image": picture}, fields)

    def customise(
        self,
        picture: File,
        *,
        mask: File | None = None,
        logo: File | None = None,
        control: File | None = None,
        style_image: File | None = None,
        guide: File | None = None,
        **fields: Fields,
    ) -> RemoteJob:
        """Hand in a picture to be changed; `fields` are those of `POST /customise`.

        `mask` is "product" or "background", or like `picture` and the others a path or bytes.
        """
        files = {"image": picture, "logo": logo, "control": control, "style_image": style_image, "guide": guide}
        if mask in get_args(Region):
            fields["mask"] = str(mask)
        else:
            files["mask"] = mask
        return self._hand_in("/customise", files, fields)

    def compare(
        self,
        picture: File,
        runs: Sequence[Mapping[str, Any]],
        task: Mapping[str, Any] | None = None,
        *,
        mask: File | None = None,
        logo: File | None = None,
        control: File | None = None,
        style_image: File | None = None,
        guide: File | None = None,
        **fields: Fields,
    ) -> RemoteJob:
        """Hand in a picture to go through several engines and settings, `{"engine": "starter", "strength": [0, 0.3]}`.

        `task` is what each run does, with its `kind`; recreation when not given. The other files are for it.
        """
        files = {"image": picture, "mask": mask, "logo": logo, "control": control}
        files |= {"style_image": style_image, "guide": guide}
        return self._hand_in("/compare", files, {**fields, "runs": runs, "task": task})

    def generate(self, prompt: str | None = None, **fields: Fields) -> RemoteJob:
        """Have a new picture made, from text where the engine takes one; `fields` are those of `POST /generate`."""
        return self._hand_in("/generate", {}, {"prompt": prompt, **fields})

    def dry_run(self, kind: JobKind, picture: File | None = None, **fields: Fields) -> DryRun:
        """Return what handing in this picture would do and take, without doing it; `fields` are those of that call.

        `generate` takes no picture.
        """
        body = content_of({"image": picture}, fields)
        return _parse(DryRun, self._ask("POST", f"/{kind}", params={"dry_run": "true"}, **body))

    def reproduce(self, job: RemoteJob | str) -> RemoteJob:
        """Have the images of a job made again; the new job's `result.reproduction` says how near they came."""
        key = {"Idempotency-Key": uuid4().hex}
        return _parse(RemoteJob, self._ask("POST", f"/jobs/{_id(job)}/reproduce", headers=key))

    def _hand_in(self, path: str, files: Mapping[str, File | None], fields: Mapping[str, Fields]) -> RemoteJob:
        key = {"Idempotency-Key": uuid4().hex}
        return _parse(RemoteJob, self._ask("POST", path, headers=key, **content_of(files, fields)))

    def job(self, job_id: str, wait: int = 0) -> RemoteJob:
        """Return a job as it stands; with `wait`, as it stands once it has ended, or after so many seconds."""
        params = {"wait": wait} if wait else None
        return _parse(RemoteJob, self._ask("GET", f"/jobs/{job_id}", params=params, timeout=self._timeout + wait))

    def wait(
        self,
        job: RemoteJob | str,
        on_progress: Callable[[RemoteJob], None] | None = None,
        timeout: float = 600.0,
    ) -> RemoteJob:
        """Wait until a job has succeeded and return it; `on_progress` is called with each answer.

        Raises LikenessProblem with the job's own code when it failed or was cancelled, `wait_timeout` after `timeout`
        seconds; the job then goes on.
        """
        job_id = job if isinstance(job, str) else job.id
        deadline = time.monotonic() + timeout
        while True:
            asked = time.monotonic()
            current = self.job(job_id, self._patience(deadline, watched=on_progress is not None))
            if on_progress:
                on_progress(current)
            if current.status.ended:
                return _succeeded(current)
            if time.monotonic() >= deadline:
                raise LikenessProblem(0, "wait_timeout", f"job {job_id} is {current.status} after {timeout:g} s")
            # A service with too many calls waiting answers at once; do not ask it all the harder.
            time.sleep(max(0.0, SHORTEST_ROUND - (time.monotonic() - asked)))

    @staticmethod
    def _patience(deadline: float, watched: bool) -> int:
        """Return the seconds to ask for: short ones where somebody watches the progress."""
        left = max(1.0, deadline - time.monotonic())
        return int(min(left, 1 if watched else WAIT_SECONDS))

    def image(self, job: RemoteJob | str, n: int = 0) -> bytes:
        """Return the bytes of an image of a job; 0 is the best one."""
        return self._ask("GET", f"/jobs/{_id(job)}/images/{n}").content

    def preview(self, job: RemoteJob | str) -> bytes | None:
        """Return what a running job shows so far, a small JPEG; None where that is nothing."""
        try:
            return self._ask("GET", f"/jobs/{_id(job)}/preview").content
        except LikenessProblem as problem:
            if problem.code == "no_preview":
                return None
            raise

    def sheet(self, job: RemoteJob | str) -> bytes:
        """Return the contact sheet of a comparison, a PNG."""
        return self._ask("GET", f"/jobs/{_id(job)}/sheet").content

    def report(self, job: RemoteJob | str) -> Report:
        """Return the report of a job's best image."""
        answer = self._ask("GET", f"/jobs/{_id(job)}/report", headers={"Accept": "application/json"})
        return _parse(Report, answer)

    def engines(self) -> list[EngineInfo]:
        """Return the catalogue."""
        return _parse(EngineList, self._ask("GET", "/engines")).engines

    def jobs(self) -> Iterator[RemoteJob]:
        """Yield your jobs, newest first."""
        cursor: str | None = None
        while True:
            answer = self._ask("GET", "/jobs", params={"cursor": cursor} if cursor else None)
            page = _parse(JobPage, answer)
            yield from page.jobs
            cursor = page.next
            if cursor is None:
                return

    def cancel(self, job: RemoteJob | str) -> RemoteJob:
        """Stop a job; return it as it then stands."""
        return _parse(RemoteJob, self._ask("POST", f"/jobs/{_id(job)}/cancel"))

    def delete(self, job: RemoteJob | str) -> None:
        """Stop a job and erase its pictures."""
        self._ask("DELETE", f"/jobs/{_id(job)}")

    def _ask(self, method: str, path: str, **request: Any) -> httpx.Response:  # noqa: ANN401  httpx's own arguments
        """Send a request, again where that may help, and return a good answer."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answer = self._http.request(method, path, **request)
            except httpx.UnsupportedProtocol as error:
                raise LikenessProblem(0, "invalid_url", f"{self._http.base_url}: {error}") from error
            except httpx.TransportError as error:
                problem = LikenessProblem(0, "no_answer", f"{self._http.base_url} does not answer: {_reason(error)}")
                pause = None
            except httpx.HTTPError as error:
                raise LikenessProblem(0, "no_answer", str(error)) from error
            else:
                if answer.is_success:
                    return answer
                problem, pause = _problem(answer), _retry_after(answer)
                if answer.status_code not in RETRIED_STATUS and problem.code not in RETRIED_CODES:
                    raise problem
            if attempt < ATTEMPTS:
                time.sleep(_pause(attempt, pause))
        raise problem


def _id(job: RemoteJob | str) -> str:
    return job if isinstance(job, str) else job.id


def _parse(model: type[Answer], answer: httpx.Response) -> Answer:
    try:
        return model.model_validate(answer.json(), extra="ignore")
    except (ValidationError, ValueError) as error:
        detail = f"{answer.request.url} did not answer as a Likeness service does"
        raise LikenessProblem(answer.status_code, "unexpected_answer", detail) from error


def _problem(answer: httpx.Response) -> LikenessProblem:
    """Return the error that a problem+json answer tells; of another answer, its status line."""
    try:
        body = answer.json()
        problems = [FieldProblem(error["pointer"], error["detail"]) for error in body.get("errors") or []]
        return LikenessProblem(answer.status_code, body["code"], body.get("detail") or body["title"], problems)
    except (ValueError, KeyError, TypeError, AttributeError):
        detail = f"{answer.request.url} answered {answer.status_code} {answer.reason_phrase}"
        return LikenessProblem(answer.status_code, "unexpected_answer", detail)


def _reason(error: httpx.TransportError) -> str:
    """Return why, without the number that the system puts before it."""
    return str(error).rpartition("] ")[2] or type(error).__name__


def _retry_after(answer: httpx.Response) -> float | None:
    try:
        return float(answer.headers["Retry-After"])
    except (KeyError, ValueError):
        return None


def _pause(attempt: int, asked: float | None) -> float:
    """Return the seconds to pause: what the service asked for, else doubling; never in step with others."""
    pause = FIRST_PAUSE * 2 ** (attempt - 1) if asked is None else asked
    return min(LONGEST_PAUSE, pause) * random.uniform(1.0, 1.25)  # noqa: S311  no secret


def _succeeded(job: RemoteJob) -> RemoteJob:
    if job.error:
        raise LikenessProblem(200, job.error.code, job.error.detail)
    if job.result is None:
        raise LikenessProblem(200, str(job.status), f"job {job.id} was {job.status}")
    return job
