"""What commands do with results: write them to files and print them as JSON."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from likeness.problems import writing

if TYPE_CHECKING:  # heavy: imported when a command runs
    from pydantic import BaseModel

    from likeness.client import Client
    from likeness.client.models import RemoteJob

SUFFIXES: Final = {"png": ".png", "jpeg": ".jpg", "webp": ".webp"}


def save_images(client: "Client", job: "RemoteJob", out: Path, names: Mapping[int, str]) -> list[Path]:
    """Save images of a job under the given names, which lack a suffix, and return their paths. Raises LocalProblem."""
    images: Sequence[Any] = job.result.images if job.result else ()
    return [
        client.save(job, out / f"{name}{SUFFIXES.get(images[number].format, '')}", number)
        for number, name in names.items()
    ]


def write(target: Path, data: bytes) -> None:
    """Write a file and create its folders. Raises LocalProblem if that fails."""
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def print_json(value: object) -> None:
    """Print a value as JSON."""
    typer.echo(json.dumps(value, indent=2))


def print_models(models: "Iterable[BaseModel]") -> None:
    """Print a list of jobs, engines and the like as JSON."""
    print_json([model.model_dump(mode="json") for model in models])


def print_job(job: "RemoteJob", files: Sequence[Path]) -> None:
    """Print a job, and the files that its images were saved to, as JSON."""
    print_json({**job.model_dump(mode="json"), "files": [str(file) for file in files]})
