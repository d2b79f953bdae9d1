"""The whole examination, in the order in which it is shown."""

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from likeness.contract.about import ServiceAbout, WorkerAbout
from likeness.contract.catalogue import Catalogue
from likeness.doctor.engines import EditHere, EngineHere, Place, about_models, edits_here, engines_here, pulls
from likeness.doctor.findings import Finding, Standing
from likeness.doctor.hardware import about_disk, about_gpus, gpus_of
from likeness.doctor.programs import about_parts, about_settings, about_stack, asked
from likeness.models.display import readable
from likeness.models.folder import ModelsFolder


@dataclass(frozen=True)
class Examination:
    """What was found; `next` has commands, each with what it is for."""

    findings: list[Finding]
    engines: list[EngineHere] = field(default_factory=list)
    edits: list[EditHere] = field(default_factory=list)
    next: dict[str, str] = field(default_factory=dict)

    @property
    def healthy(self) -> bool:
        """Whether nothing that was asked for fails."""
        return not any(finding.standing is Standing.PROBLEM for finding in self.findings)


def examine(
    catalogue: Catalogue, models: Path, home: Path, url: str, environment: Mapping[str, str], variables: Collection[str]
) -> Examination:
    """Look at everything; `variables` are those that the command itself reads. Nothing is changed."""
    own = {**environment, "LIKENESS_MODELS": str(models.resolve())}
    with ThreadPoolExecutor() as pool:
        telling = pool.submit(asked, "service", ServiceAbout, own)
        worker = asked("worker", WorkerAbout, own)
        service = telling.result()
    findings = [
        about_parts(),
        about_gpus(gpus_of(environment), worker, environment),
        *_memory(worker),
        about_disk("disk", models),
        about_disk("disk", home),
        *about_models(catalogue, ModelsFolder(models)),
        *about_settings(environment, variables, {"service": service, "worker": worker}),
        *about_stack(service, url, environment),
    ]
    if worker is None or worker.problem:
        return Examination(findings, next=_next(findings))
    gpu = (worker.device or "").startswith("cuda")
    place = Place(worker.budget, gpu, bool(service and service.noncommercial), worker.installed)
    edits = edits_here(catalogue, place)
    following = _next(findings) | dict(pulls(catalogue, edits, models))
    return Examination(findings, engines_here(catalogue, place), edits, following)


def _memory(worker: WorkerAbout | None) -> list[Finding]:
    if worker is None or worker.budget is None:
        return []
    return [Finding("memory", Standing.OK, f"{readable(worker.budget)} for engines on {worker.name}")]


def _next(findings: Collection[Finding]) -> dict[str, str]:
    """Return what to do about each finding that is not as it should be, what fails first."""
    order = (Standing.PROBLEM, Standing.WARNING, Standing.NOTE)
    told = [one for one in findings if one.next and one.standing in order]
    return {one.next: one.said for one in sorted(told, key=lambda one: order.index(one.standing)) if one.next}
