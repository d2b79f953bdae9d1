"""Run one job with no Redis and no web: `python -m worker.once request.json out/`.

The request is what `POST /recreate` takes as JSON, or with a `kind` ("customise", "packshot", ...) what that call
takes, with paths of picture files for `image`, `logo`, `control`, `style_image`, `guide`, `mask` (unless that is
`product` or `background`) and `background` (unless that is a colour).
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast, get_args

from pydantic import TypeAdapter

from likeness.contract.catalogue import Catalogue, load_catalogue
from likeness.contract.comparison import JobTask
from likeness.contract.editing import files_said
from likeness.contract.engines import EngineSpec
from likeness.contract.errors import LikenessError
from likeness.contract.jobs import JobOrder, Progress, Result, SentFile, StoredPicture, new_job_id
from likeness.contract.licences import licensed_plan
from likeness.contract.packshots import is_background
from likeness.contract.runs import Plan
from likeness.contract.tasks import Generate
from likeness.imaging.formats.decode import Bounds, peek
from likeness.storage.pictures import PictureStore
from worker.config import Settings
from worker.engine import DeviceLost
from worker.metrics.installed import InstalledMetrics
from worker.observability.log_filters import keep_quiet
from worker.residency.engines import Residents
from worker.runs.context import Context
from worker.runs.dispatch import outcomes_of
from worker.runs.safeguards import Safeguards

TASKS: TypeAdapter[JobTask] = TypeAdapter(JobTask)


class Unwatched:
    """Nobody waits for this run, and nobody stops it."""

    def progress(self, job_ids: Sequence[str], progress: Progress) -> set[str]:
        """Return that every job is still wanted."""
        return set()

    def waits(self, job_ids: Sequence[str]) -> set[str]:
        """Return that every job is still wanted."""
        return set()

    def begins(self) -> None:
        """Do nothing."""


def run(request: Path, out: Path) -> Result:
    """Run the request and write its images and `result.json` to `out`. Raises LikenessError or ValidationError."""
    settings = Settings()
    fields = json.loads(request.read_text("utf-8"))
    data = None if fields.get("kind") == "generate" else (request.parent / fields.pop("image")).read_bytes()
    sent = {name: (request.parent / fields[name]).read_bytes() for name in get_args(SentFile) if _is_file(fields, name)}
    task = TASKS.validate_python(_with_files({"kind": "recreate"} | fields, sent))
    store, catalogue = PictureStore.open("memory://"), load_catalogue(settings.catalogue)
    residents = Residents.of(settings)
    _, order = ordered(task, data, sent, catalogue, store, residents.has, noncommercial=settings.noncommercial)
    metrics = InstalledMetrics(settings.models, residents.device)
    safeguards = Safeguards.of(settings, residents.components)
    context = Context(residents, store, catalogue, metrics, safeguards, gates=settings.gates)
    outcome = outcomes_of([order], context, Unwatched())[order.id]
    if not isinstance(outcome, Result):
        raise outcome
    out.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(outcome.images):
        (out / f"{number}.{image.format}").write_bytes(store.get(image.picture))
    if outcome.comparison:
        (out / "sheet.png").write_bytes(store.get(outcome.comparison.sheet))
    (out / "result.json").write_text(outcome.model_dump_json(indent=2) + "\n")
    return outcome


def ordered(
    task: JobTask,
    data: bytes | None,
    sent: Mapping[str, bytes],
    catalogue: Catalogue,
    store: PictureStore,
    installed: Callable[[EngineSpec], bool],
    *,
    noncommercial: bool = False,
) -> tuple[EngineSpec, JobOrder]:
    """Store a task's picture and the files sent beside it; return its first engine and the job as a worker takes it.

    Without `data` a picture is generated. Raises LikenessError for what the service would refuse.
    """
    missing = catalogue.missing([one.name for one in catalogue.engines if installed(one)])
    plan = licensed_plan(task, catalogue, missing, noncommercial=noncommercial)
    job_id = new_job_id()

    def put(picture: bytes) -> StoredPicture:
        return store.put(job_id, picture, f"image/{peek(picture, Bounds()).format}")

    return plan.spec, JobOrder(
        id=job_id,
        owner="once",
        engine=plan.spec.name,
        task=plan.task,
        input=None if data is None else put(data),
        files={name: put(picture) for name, picture in sent.items()},
        created_at=datetime.now(UTC),
        batch_key="once",
        timeout=plan.bound(*_size(plan, data)),
        whys=plan.whys,
    )


def _size(plan: Plan, data: bytes | None) -> tuple[int, int]:
    if data is None:
        return plan.spec.size_of(cast(Generate, plan.task))
    header = peek(data, Bounds())
    return header.width, header.height


def _with_files(fields: dict[str, Any], sent: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the fields with the files that were sent said in the task that uses them."""
    if fields.get("edits"):
        used = files_said(fields["edits"])
        return {name: value for name, value in fields.items() if name not in sent} | dict.fromkeys(
            set(sent) - used, "file"
        )
    if fields["kind"] != "compare":
        return fields | dict.fromkeys(sent, "file")
    task = fields.get("task", {"kind": "recreate"}) | dict.fromkeys(sent, "file")
    return {name: value for name, value in fields.items() if name not in sent} | {"task": task}


def _is_file(fields: dict[str, Any], name: str) -> bool:
    value = fields.get(name)
    return value not in (None, "product", "background") and not (name == "background" and is_background(value))


def main() -> None:
    """Parse the command line and run."""
    keep_quiet()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("request", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    try:
        result = run(args.request, args.out)
    except (LikenessError, DeviceLost, OSError, KeyError, ValueError) as error:  # ValueErrors: JSON, TOML, pydantic
        sys.exit(f"likeness: {error}")
    for number, image in enumerate(result.images):
        print(f"{args.out / f'{number}.{image.format}'}: {image.report.verdict}")


if __name__ == "__main__":
    main()
