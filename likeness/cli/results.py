"""What commands do with results: write them to files and print them as JSON."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from likeness.problems import writing

if TYPE_CHECKING:  # heavy: imported when a command runs
    from pydantic import BaseModel

    from likeness.client import Client
    from likeness.client.models import RemoteImage, RemoteJob
    from likeness.contract.report import Report

SUFFIXES: Final = {"png": ".png", "jpeg": ".jpg", "webp": ".webp"}
REJECTED: Final = "rejected"
"""Name of the folder for rejected results, below that for results."""


def save_images(client: "Client", job: "RemoteJob", out: Path, names: Mapping[int, str]) -> list[Path]:
    """Save images of a job under the given names, which lack a suffix, and return their paths.

    Rejected ones are saved in a folder of their own below `out`. Raises LocalProblem.
    """
    images: Sequence[Any] = job.result.images if job.result else ()
    return [
        client.save(job, folder_of(images[number].report, out) / f"{name}{_suffix(images[number])}", number)
        for number, name in names.items()
    ]


def folder_of(report: "Report", out: Path) -> Path:
    """Return the folder for a result: `out`, or that of the rejected ones below it."""
    return out / REJECTED if report.verdict == "rejected" else out


def _suffix(image: "RemoteImage") -> str:
    return SUFFIXES.get(image.format, "")


def write(target: Path, data: bytes) -> None:
    """Write a file and create its folders. Raises LocalProblem if that fails."""
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def print_json(value: object) -> None:
    """Print a value as JSON."""
    typer.echo(json.dumps(value, indent=2))


def print_line(value: object) -> None:
    """Print a value as one line of JSON, at once."""
    typer.echo(json.dumps(value))
    sys.stdout.flush()


def print_models(models: "Iterable[BaseModel]") -> None:
    """Print a list of jobs, engines and the like as JSON."""
    print_json([model.model_dump(mode="json") for model in models])


def print_job(job: "RemoteJob", files: Sequence[Path]) -> None:
    """Print a job, and the files that its images were saved to, as one line of JSON."""
    print_line({**job.model_dump(mode="json"), "files": [str(file) for file in files]})
