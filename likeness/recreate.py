"""Recreate many picture files through a service, watched: the work behind `likeness recreate` and the demo."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from PIL import Image

from likeness.client import Client, Fields
from likeness.contract.jobs import Timings
from likeness.contract.report import Report, Verdict
from likeness.problems import LikenessProblem, LocalProblem
from likeness.wire import RemoteJob

AT_ONCE = 16
"""Jobs handed in before the first is waited for: enough to fill a batch, too few to fill a queue."""
SUFFIXES = {"png": ".png", "jpeg": ".jpg", "webp": ".webp"}

Watcher = Callable[[Path, RemoteJob], None]
Size = tuple[int, int]


@dataclass(frozen=True)
class Recreated:
    """What became of one file: a saved picture and its report, or a problem."""

    file: Path
    given: Size | None = None
    made: Size | None = None
    saved: Path | None = None
    report: Report | None = None
    seconds: float = 0.0
    problem: str | None = None

    @property
    def faults(self) -> list[str]:
        """Why this one is not as it should be; empty when all is well."""
        if self.problem:
            return [self.problem]
        if self.given != self.made:
            return [f"the frame changed: {_text(self.given)} came back as {_text(self.made)}"]
        if self.report and self.report.verdict is Verdict.REJECTED:
            return self.report.reasons
        return []


@dataclass
class Recreation:
    """A run over some files: where the pictures go, and what is asked of the service."""

    client: Client
    out: Path
    fields: dict[str, Fields] = field(default_factory=dict)
    watch: Watcher = lambda _file, _job: None
    taken: set[Path] = field(default_factory=set)

    def run(self, files: Sequence[Path]) -> Iterator[Recreated]:
        """Yield what became of each file, in order. Jobs still under way are cancelled when the caller stops early."""
        self.taken |= {file.resolve() for file in files}
        pending: deque[tuple[Path, RemoteJob | LikenessProblem]] = deque()
        try:
            for file in files:
                pending.append((file, self._hand_in(file)))
                if len(pending) == AT_ONCE:
                    yield self._finish(*pending[0])
                    pending.popleft()
            while pending:
                yield self._finish(*pending[0])
                pending.popleft()
        finally:
            self._cancel(job for _, job in pending)

    def _hand_in(self, file: Path) -> RemoteJob | LikenessProblem:
        try:
            return self.client.recreate(file, **self.fields)
        except LikenessProblem as problem:
            if problem.status in (0, 401) and problem.code != "unreadable_file":
                raise  # it would be the same for every file
            return problem

    def _finish(self, file: Path, job: RemoteJob | LikenessProblem) -> Recreated:
        try:
            if isinstance(job, LikenessProblem):
                raise job
            ended = self.client.wait(job, lambda current: self.watch(file, current))
            return self._save(file, ended, self.client.image(ended))
        except LikenessProblem as problem:
            return Recreated(file, problem=problem.detail)

    def _save(self, file: Path, job: RemoteJob, data: bytes) -> Recreated:
        if job.result is None:
            raise LikenessProblem(200, "unexpected_answer", f"job {job.id} succeeded without a result")
        best = job.result.images[0]
        target = self._target(file, SUFFIXES.get(best.format, file.suffix))
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        except OSError as error:
            raise LocalProblem(f"{target} cannot be written: {error.strerror}") from error
        sizes = _size(file.read_bytes()), _size(data)
        return Recreated(file, *sizes, target, best.report, _seconds(job.result.timings))

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


def _size(data: bytes) -> Size:
    with Image.open(BytesIO(data)) as image:
        return image.size


def _seconds(timings: Timings) -> float:
    """Return the seconds that a worker was at it, waiting in the queue left out."""
    spent: dict[str, float] = timings.model_dump(exclude={"queued"})
    return sum(spent.values())


def _text(size: Size | None) -> str:
    return f"{size[0]}x{size[1]}" if size else "nothing"
