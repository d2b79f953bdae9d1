"""Run one job with no Redis and no web: `python -m worker.once request.json out/`.

The request is what `POST /recreate` takes as JSON, or with `"kind": "customise"` what `POST /customise` takes, with
paths of picture files for `image`, `logo`, `control` and `mask` (unless that is `product` or `background`).
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from likeness.contract.catalogue import Catalogue, EngineSpec, load_catalogue
from likeness.contract.errors import LikenessError
from likeness.contract.jobs import JobOrder, Progress, Result, SentFile, new_job_id
from likeness.contract.tasks import Task
from likeness.imaging.decode import Bounds, peek
from likeness.store import PictureStore
from worker.config import Settings
from worker.engine import DeviceLost
from worker.execute import Run
from worker.metrics.installed import InstalledMetrics
from worker.residency import Residents
from worker.safeguards import Safeguards

TASKS: TypeAdapter[Task] = TypeAdapter(Task)


class Unwatched:
    """Nobody waits for this run, and nobody stops it."""

    def progress(self, job_ids: Sequence[str], progress: Progress) -> set[str]:
        """Return that every job is still wanted."""
        return set()


def run(request: Path, out: Path) -> Result:
    """Run the request and write its images and `result.json` to `out`. Raises LikenessError or ValidationError."""
    settings = Settings()
    fields = json.loads(request.read_text("utf-8"))
    data = (request.parent / fields.pop("image")).read_bytes()
    sent = {name: (request.parent / fields[name]).read_bytes() for name in get_args(SentFile) if _is_file(fields, name)}
    task = TASKS.validate_python({"kind": "recreate"} | fields | dict.fromkeys(sent, "file"))
    store = PictureStore.open("memory://")
    residents = Residents.of(settings)
    safeguards = Safeguards.of(settings, residents.components)
    spec, order = ordered(task, data, sent, load_catalogue(settings.catalogue), store, residents.has)
    metrics = InstalledMetrics(settings.models, residents.device)
    outcome = Run(spec, residents, store, Unwatched(), metrics, safeguards).execute([order])[order.id]
    if not isinstance(outcome, Result):
        raise outcome
    out.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(outcome.images):
        (out / f"{number}.{image.format}").write_bytes(store.get(image.picture))
    (out / "result.json").write_text(outcome.model_dump_json(indent=2) + "\n")
    return outcome


def ordered(
    task: Task,
    data: bytes,
    sent: Mapping[str, bytes],
    catalogue: Catalogue,
    store: PictureStore,
    installed: Callable[[EngineSpec], bool],
) -> tuple[EngineSpec, JobOrder]:
    """Store a task's picture and the files sent beside it; return the engine for it and the job as a worker takes it.

    Raises LikenessError for what the service would refuse.
    """
    header = peek(data, Bounds())
    spec = catalogue.choose(task, catalogue.missing([one.name for one in catalogue.engines if installed(one)]))
    spec.resolve(task)
    job_id = new_job_id()
    put = lambda picture: store.put(job_id, picture, f"image/{peek(picture, Bounds()).format}")  # noqa: E731
    return spec, JobOrder(
        id=job_id,
        owner="once",
        engine=spec.name,
        task=task,
        input=put(data),
        files={name: put(picture) for name, picture in sent.items()},
        created_at=datetime.now(UTC),
        batch_key="once",
        timeout=spec.bound(task, header.width, header.height),
    )


def _is_file(fields: dict[str, Any], name: str) -> bool:
    return fields.get(name) not in (None, "product", "background")


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("request", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    try:
        run(args.request, args.out)
    except (LikenessError, DeviceLost, ValidationError, OSError, KeyError, json.JSONDecodeError) as error:
        sys.exit(f"likeness: {error}")


if __name__ == "__main__":
    main()
