"""Run one job with no Redis and no web: `python -m worker.once request.json out/`.

The request is what `POST /recreate` takes as JSON, with `image` the path of a picture file.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from likeness.contract.catalogue import load_catalogue
from likeness.contract.errors import LikenessError
from likeness.contract.jobs import JobOrder, Progress, Result, new_job_id
from likeness.contract.tasks import Recreate
from likeness.imaging.decode import Bounds, peek
from likeness.store import PictureStore
from worker.config import Settings
from worker.execute import Run
from worker.residency import Residents, pick_device


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
    task = Recreate.model_validate(fields)
    header = peek(data, Bounds())
    spec = load_catalogue(settings.catalogue).choose(task)
    store = PictureStore.open("memory://")
    job_id = new_job_id()
    order = JobOrder(
        id=job_id,
        owner="once",
        engine=spec.name,
        task=task,
        input=store.put(job_id, data, f"image/{header.format}"),
        created_at=datetime.now(UTC),
        batch_key="once",
        timeout=spec.bound(task, header.width, header.height),
    )
    residents = Residents(settings.weights, pick_device(settings.device))
    outcome = Run(spec, residents, store, Unwatched()).execute([order])[job_id]
    if not isinstance(outcome, Result):
        raise outcome
    out.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(outcome.images):
        (out / f"{number}.{image.format}").write_bytes(store.get(image.picture))
    (out / "result.json").write_text(outcome.model_dump_json(indent=2) + "\n")
    return outcome


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("request", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    try:
        run(args.request, args.out)
    except (LikenessError, ValidationError, OSError, KeyError, json.JSONDecodeError) as error:
        sys.exit(f"likeness: {error}")


if __name__ == "__main__":
    main()
