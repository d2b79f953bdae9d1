"""Photos with masks, and the worker's own path from a task to a measured image."""

import csv
import io
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from PIL import Image
from rich.progress import track

from benchmarks.customisation.figures import spread
from benchmarks.customisation.measures import Where
from likeness.contract.catalogue import load_catalogue
from likeness.contract.engines import EngineSpec
from likeness.contract.errors import LikenessError
from likeness.contract.jobs import Result
from likeness.contract.report import Report
from likeness.contract.runs import PlannedRun
from likeness.contract.tasks import Customise, Recreate
from likeness.files.compare import upright
from likeness.imaging.colour import Floats
from likeness.storage.pictures import PictureStore
from worker.config import WEIGHTS, Settings
from worker.networks.segmenter import load
from worker.once import Unwatched, ordered
from worker.residency.engines import Residents
from worker.runs.context import Context, Outcome
from worker.runs.run import Run

Option = TypeVar("Option")
Task = Customise | Recreate

INSIDE, SURELY_INSIDE, SURELY_OUTSIDE = 0.5, 0.95, 0.05
"""Shares of product in a pixel of a mask."""
MASK = ".mask.png"


@dataclass(frozen=True)
class Photo:
    """A photo: its file, where the product is (H x W, 0..1, as shown), what the product is called."""

    name: str
    data: bytes
    mask: Floats
    label: str

    @cached_property
    def rgb(self) -> Floats:
        """The photo as shown, H x W x 3 in 0..1."""
        return shown(self.data)

    @property
    def inside(self) -> Where:
        """Where the product is."""
        return self.mask > INSIDE

    @property
    def surely_inside(self) -> Where:
        """Where nothing but the product is."""
        return self.mask > SURELY_INSIDE

    @property
    def outside(self) -> Where:
        """Where nothing of the product is."""
        return self.mask < SURELY_OUTSIDE

    def resized(self, width: int, height: int) -> "Photo":
        """Return the photo in another size, in px, as a PNG."""
        image = upright(self.data).convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
        file = io.BytesIO()
        image.save(file, "PNG", compress_level=1)
        mask = cv2.resize(self.mask, (width, height), interpolation=cv2.INTER_AREA)
        return Photo(f"{self.name} {width}x{height}", file.getvalue(), np.asarray(mask, np.float32), self.label)


@dataclass(frozen=True)
class Made:
    """What came of one task: the file as the caller gets it, its report, the seconds from order to result."""

    photo: Photo
    task: Task
    data: bytes
    report: Report
    seconds: float

    @property
    def rgb(self) -> Floats:
        """The image as shown, H x W x 3 in 0..1."""
        return shown(self.data)


def shown(data: bytes) -> Floats:
    """Return an image file as shown, H x W x 3 in 0..1."""
    return np.asarray(upright(data).convert("RGB"), dtype=np.float32) / np.float32(255)


def photos_of(folder: Path, most: int | None = None, *, found: bool = False) -> list[Photo]:
    """Return the first photos of a folder that have masks beside them, by name; with `found` the others too.

    FOLDER.csv, where there is one, says in its columns file and label what each shows; without it all are products.
    """
    files = sorted(file for file in folder.glob("*.jpg") if found or file.with_suffix(MASK).exists())
    table = folder.with_suffix(".csv")
    rows = csv.DictReader(table.read_text("utf-8").splitlines()) if table.exists() else []
    labels = {row["file"]: row["label"] for row in rows}
    return [_photo(file, labels.get(file.name, "product")) for file in files[:most]]


def _photo(file: Path, label: str) -> Photo:
    return Photo(file.stem, file.read_bytes(), _mask_of(file), label)


def _mask_of(file: Path) -> Floats:
    """Return the mask beside a photo, H x W in 0..1, or where the product seems to be."""
    beside = file.with_suffix(MASK)
    if not beside.exists():
        return load(WEIGHTS / "segmenter").product(shown(file.read_bytes()))
    with Image.open(beside) as mask:
        return np.asarray(mask.convert("L"), dtype=np.float32) / np.float32(255)


class Workbench:
    """A worker without a queue: its models are loaded once, and what was made is kept for the next figure.

    When it is `thorough`, every edit of a group is asked for on every photo, else some of them on each.
    """

    def __init__(self, thorough: bool = False) -> None:
        self.thorough = thorough
        settings = Settings()
        self.catalogue = load_catalogue(settings.catalogue)
        self.residents = Residents.of(settings)
        self.failures: Counter[str] = Counter()
        self._kept: dict[tuple[str, str], Made | None] = {}

    def some(self, options: Sequence[Option], number: int, each: int) -> list[Option]:
        """Return `each` of the options for the photo of that number, or all when it is thorough."""
        return spread(options, number, len(options) if self.thorough else each)

    def make_all(self, tasks: Sequence[tuple[Photo, Task]], what: str) -> list[Made]:
        """Return what came of each task that did not fail; `what` names the progress bar."""
        return [made for photo, task in track(tasks, what) if (made := self.make(photo, task))]

    def make(self, photo: Photo, task: Task) -> Made | None:
        """Return what came of a task, made once; None when it failed, which `failures` counts."""
        key = photo.name, task.model_dump_json()
        if key not in self._kept:
            try:
                self._kept[key] = self.together([(photo, task)])[0]
            except LikenessError as error:
                self.failures[error.detail] += 1
                self._kept[key] = None
        return self._kept[key]

    def together(self, tasks: Sequence[tuple[Photo, Task]]) -> list[Made]:
        """Return what came of tasks done in one run. Raises LikenessError, or ValueError when they cannot be in one."""
        store = PictureStore.open("memory://")
        accepted = [ordered(task, photo.data, {}, self.catalogue, store, self.residents.has) for photo, task in tasks]
        spec, orders = accepted[0][0], [order for _, order in accepted]
        if len({_batch_key(spec, photo, task) for photo, task in tasks}) > 1:
            raise ValueError("these tasks cannot share a run")
        self.residents.engine(spec)
        began = time.perf_counter()
        outcomes = Run(spec, Context(self.residents, store), Unwatched()).execute(orders)
        seconds = time.perf_counter() - began
        images = [_result(outcomes[order.id]).images[0] for order in orders]
        return [
            Made(photo, task, store.get(image.picture), image.report, seconds)
            for (photo, task), image in zip(tasks, images, strict=True)
        ]


def _batch_key(spec: EngineSpec, photo: Photo, task: Task) -> str:
    height, width = photo.mask.shape
    return PlannedRun.of(spec, task).batch_key(width, height) if max(height, width) <= spec.canvas.tile else spec.name


def _result(outcome: Outcome) -> Result:
    if not isinstance(outcome, Result):
        raise outcome
    return outcome
