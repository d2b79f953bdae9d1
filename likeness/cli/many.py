"""Run many image files through a service: the work behind `likeness recreate`, `likeness packshot` and the like."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from likeness.cli.results import SUFFIXES, folder_of, write
from likeness.client import Client
from likeness.client.models import RemoteImage, RemoteJob
from likeness.contract.errors import InstructionNotUnderstood
from likeness.contract.jobs import Timings
from likeness.contract.report import Report, Verdict
from likeness.problems import LikenessProblem

AT_ONCE = 16
"""Jobs submitted before waiting for the first: enough to fill a run, too few to fill a queue."""

Watcher = Callable[[Path, RemoteJob], None]
Size = tuple[int, int]
Kind = Literal["recreate", "customise", "cutout", "packshot", "check"]
FRAME_KEPT = ("recreate", "customise")
"""Those that must not change the frame."""


@dataclass(frozen=True)
class PictureRequest:
    """One image file, and the fields to submit with it to `POST /{kind}`."""

    file: Path
    kind: Kind = "recreate"
    fields: Mapping[str, Any] = field(default_factory=dict)

    def submit(self, client: Client) -> RemoteJob:
        """Submit the request and return its job. Raises LikenessProblem."""
        call: Callable[..., RemoteJob] = getattr(client, self.kind)
        return call(self.file, **self.fields)


@dataclass(frozen=True)
class Outcome:
    """The outcome of one request: a saved result with its report, or a problem.

    `given` and `made` are the sizes of the original and the result in px; `seconds` is the time that a worker spent.
    """

    request: PictureRequest
    given: Size | None = None
    made: Size | None = None
    saved: Path | None = None
    report: Report | None = None
    seconds: float = 0.0
    problem: str | None = None
    job: str | None = None

    @property
    def file(self) -> Path:
        """The original."""
        return self.request.file

    @property
    def broken(self) -> list[str]:
        """Why there is no result, or one with another frame; empty if there is a result worth looking at."""
        if self.problem:
            return [self.problem]
        if self.request.kind in FRAME_KEPT and self.given != self.made:
            return [f"the frame changed: {_text(self.given)} became {_text(self.made)}"]
        if self.report and not self.report.frame_equal:
            changed = [row.name for row in self.report.frame if not row.equal]
            return [f"the frame changed: {', '.join(changed)}"]
        return []

    @property
    def faults(self) -> list[str]:
        """Why the result is missing, broken or rejected; empty if it was accepted or not judged."""
        if self.broken:
            return self.broken
        if self.report and self.report.verdict is Verdict.REJECTED:
            return self.report.reasons
        return []

    @property
    def status(self) -> str:
        """How the request ended: `succeeded`, though perhaps rejected, or `failed`."""
        return "failed" if self.problem else "succeeded"

    def as_json(self) -> dict[str, Any]:
        """Return the outcome as JSON values; `job` is None if the request was not accepted."""
        report = self.report.model_dump(mode="json") if self.report else None
        saved = str(self.saved) if self.saved else None
        known = {"file": str(self.file), "reference": self.request.fields.get("reference"), "job": self.job}
        known |= {"status": self.status, "verdict": self.report and self.report.verdict, "saved": saved}
        return {**known, "seconds": self.seconds, "faults": self.faults, "report": report}


@dataclass
class Runner:
    """Runs requests through a service and saves the results in `out`; `watch` is called with each job's progress."""

    client: Client
    out: Path
    watch: Watcher = lambda _file, _job: None
    taken: set[Path] = field(default_factory=set)

    def run(self, requests: Sequence[PictureRequest]) -> Iterator[Outcome]:
        """Yield the outcome of each request, in order. Unfinished jobs are cancelled if the caller stops early."""
        self.taken |= {request.file.resolve() for request in requests}
        pending: deque[tuple[PictureRequest, RemoteJob | LikenessProblem]] = deque()
        try:
            for request in requests:
                pending.append((request, self._submit(request)))
                if len(pending) == AT_ONCE:
                    yield self._finish(*pending[0])
                    pending.popleft()
            while pending:
                yield self._finish(*pending[0])
                pending.popleft()
        finally:
            self._cancel(job for _, job in pending)

    def _submit(self, request: PictureRequest) -> RemoteJob | LikenessProblem:
        try:
            return request.submit(self.client)
        except LikenessProblem as problem:
            if problem.status in (0, 401) and problem.code != "unreadable_file":
                raise  # every file would fail in the same way
            return problem

    def _finish(self, request: PictureRequest, job: RemoteJob | LikenessProblem) -> Outcome:
        try:
            if isinstance(job, LikenessProblem):
                raise job
            ended = self.client.wait(job, lambda current: self.watch(request.file, current))
            return self._save(request, ended, self.client.image(ended))
        except LikenessProblem as problem:
            return Outcome(request, problem=_detail(problem), job=None if isinstance(job, LikenessProblem) else job.id)

    def _save(self, request: PictureRequest, job: RemoteJob, data: bytes) -> Outcome:
        if job.result is None:
            raise LikenessProblem(200, "unexpected_answer", f"job {job.id} succeeded without a result")
        file, best = request.file, job.result.images[0]
        target = self._target(file, best)
        write(target, data)
        for number, other in enumerate(job.result.images[1:], start=1):
            write(self._target(file, other), self.client.image(job, number))
        sizes = _size(file.read_bytes()), _size(data)
        return Outcome(request, *sizes, target, best.report, _seconds(job.result.timings), job=job.id)

    def _target(self, file: Path, image: RemoteImage) -> Path:
        """Return a path in the folder for such a result that overwrites neither an original nor another result."""
        folder, suffix = folder_of(image.report, self.out), SUFFIXES.get(image.format, file.suffix)
        kept = file.suffix if file.suffix.lower() in (suffix, ".jpeg" if suffix == ".jpg" else suffix) else suffix
        target, number = folder / f"{file.stem}{kept}", 1
        while target.resolve() in self.taken:
            number += 1
            target = folder / f"{file.stem}-{number}{kept}"
        self.taken.add(target.resolve())
        return target

    def _cancel(self, jobs: Iterable[RemoteJob | LikenessProblem]) -> None:
        for job in jobs:
            if isinstance(job, RemoteJob):
                try:
                    self.client.cancel(job)
                except LikenessProblem:
                    return


def _detail(problem: LikenessProblem) -> str:
    """Return the detail of a problem; if an instruction was not understood, with those that would be."""
    if problem.code != InstructionNotUnderstood.code:
        return problem.detail
    return "\n  ".join([problem.detail, *(error.detail for error in problem.errors)])


def _size(data: bytes) -> Size:
    with Image.open(BytesIO(data)) as image:
        return image.size


def _seconds(timings: Timings) -> float:
    """Return the seconds that a worker spent on the job, without the time in the queue."""
    spent: dict[str, float] = timings.model_dump(exclude={"queued"})
    return sum(spent.values())


def _text(size: Size | None) -> str:
    return f"{size[0]}x{size[1]}" if size else "nothing"
