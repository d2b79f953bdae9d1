"""Many picture files made through a service, watched: the work behind `likeness recreate`, `customise` and the demo."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from likeness.client import Client
from likeness.client.models import RemoteJob
from likeness.contract.errors import InstructionNotUnderstood
from likeness.contract.jobs import Timings
from likeness.contract.report import Report, Verdict
from likeness.problems import LikenessProblem, LocalProblem

AT_ONCE = 16
"""Jobs handed in before the first is waited for: enough to fill a batch, too few to fill a queue."""
SUFFIXES = {"png": ".png", "jpeg": ".jpg", "webp": ".webp"}

Watcher = Callable[[Path, RemoteJob], None]
Size = tuple[int, int]


@dataclass(frozen=True)
class Wish:
    """One picture file, and what is asked for it: the fields of `POST /recreate` or `/customise`."""

    file: Path
    kind: Literal["recreate", "customise"] = "recreate"
    fields: Mapping[str, Any] = field(default_factory=dict)

    def hand_in(self, client: Client) -> RemoteJob:
        """Hand it in. Raises LikenessProblem."""
        call = client.recreate if self.kind == "recreate" else client.customise
        return call(self.file, **self.fields)


@dataclass(frozen=True)
class Made:
    """What became of one wish: a saved picture and its report, or a problem."""

    wish: Wish
    given: Size | None = None
    made: Size | None = None
    saved: Path | None = None
    report: Report | None = None
    seconds: float = 0.0
    problem: str | None = None
    job: str | None = None

    @property
    def file(self) -> Path:
        """The file that was handed in."""
        return self.wish.file

    @property
    def broken(self) -> list[str]:
        """Why there is no picture, or one of another frame; empty when there is one that may be looked at."""
        if self.problem:
            return [self.problem]
        if self.given != self.made:
            return [f"the frame changed: {_text(self.given)} came back as {_text(self.made)}"]
        if self.report and not self.report.frame_equal:
            changed = [row.name for row in self.report.frame if not row.equal]
            return [f"the frame changed: {', '.join(changed)}"]
        return []

    @property
    def faults(self) -> list[str]:
        """Why this one is not as it should be; empty when all is well."""
        if self.broken:
            return self.broken
        if self.report and self.report.verdict is Verdict.REJECTED:
            return self.report.reasons
        return []

    def told(self) -> dict[str, Any]:
        """Return all of it as JSON values, for a program to read; `job` is None when none was accepted."""
        report = self.report.model_dump(mode="json") if self.report else None
        saved = str(self.saved) if self.saved else None
        known = {"file": str(self.file), "job": self.job, "saved": saved, "seconds": self.seconds}
        return {**known, "faults": self.faults, "report": report}


@dataclass
class Making:
    """A run over some wishes, and where the pictures go."""

    client: Client
    out: Path
    watch: Watcher = lambda _file, _job: None
    taken: set[Path] = field(default_factory=set)

    def run(self, wishes: Sequence[Wish]) -> Iterator[Made]:
        """Yield what became of each wish, in order. Jobs still under way are cancelled when the caller stops early."""
        self.taken |= {wish.file.resolve() for wish in wishes}
        pending: deque[tuple[Wish, RemoteJob | LikenessProblem]] = deque()
        try:
            for wish in wishes:
                pending.append((wish, self._hand_in(wish)))
                if len(pending) == AT_ONCE:
                    yield self._finish(*pending[0])
                    pending.popleft()
            while pending:
                yield self._finish(*pending[0])
                pending.popleft()
        finally:
            self._cancel(job for _, job in pending)

    def _hand_in(self, wish: Wish) -> RemoteJob | LikenessProblem:
        try:
            return wish.hand_in(self.client)
        except LikenessProblem as problem:
            if problem.status in (0, 401) and problem.code != "unreadable_file":
                raise  # it would be the same for every file
            return problem

    def _finish(self, wish: Wish, job: RemoteJob | LikenessProblem) -> Made:
        try:
            if isinstance(job, LikenessProblem):
                raise job
            ended = self.client.wait(job, lambda current: self.watch(wish.file, current))
            return self._save(wish, ended, self.client.image(ended))
        except LikenessProblem as problem:
            return Made(wish, problem=_told(problem), job=None if isinstance(job, LikenessProblem) else job.id)

    def _save(self, wish: Wish, job: RemoteJob, data: bytes) -> Made:
        if job.result is None:
            raise LikenessProblem(200, "unexpected_answer", f"job {job.id} succeeded without a result")
        file, best = wish.file, job.result.images[0]
        target = self._target(file, SUFFIXES.get(best.format, file.suffix))
        write(target, data)
        sizes = _size(file.read_bytes()), _size(data)
        return Made(wish, *sizes, target, best.report, _seconds(job.result.timings), job=job.id)

    def _target(self, file: Path, suffix: str) -> Path:
        """Return a path in the out folder that overwrites neither a given picture nor one of this run."""
        kept = file.suffix if file.suffix.lower() in (suffix, ".jpeg" if suffix == ".jpg" else suffix) else suffix
        target, number = self.out / f"{file.stem}{kept}", 1
        while target.resolve() in self.taken:
            number += 1
            target = self.out / f"{file.stem}-{number}{kept}"
        self.taken.add(target.resolve())
        return target

    def _cancel(self, jobs: Iterable[RemoteJob | LikenessProblem]) -> None:
        for job in jobs:
            if isinstance(job, RemoteJob):
                try:
                    self.client.cancel(job)
                except LikenessProblem:
                    return


def write(target: Path, data: bytes) -> None:
    """Write a file, and the folders it lies in. Raises LocalProblem."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    except OSError as error:
        raise LocalProblem(f"{target} cannot be written: {error.strerror}") from error


def _told(problem: LikenessProblem) -> str:
    """Return the problem's detail, with what can be asked where an instruction was not understood."""
    if problem.code != InstructionNotUnderstood.code:
        return problem.detail
    return "\n  ".join([problem.detail, *(error.detail for error in problem.errors)])


def _size(data: bytes) -> Size:
    with Image.open(BytesIO(data)) as image:
        return image.size


def _seconds(timings: Timings) -> float:
    """Return the seconds that a worker was at it, waiting in the queue left out."""
    spent: dict[str, float] = timings.model_dump(exclude={"queued"})
    return sum(spent.values())


def _text(size: Size | None) -> str:
    return f"{size[0]}x{size[1]}" if size else "nothing"
