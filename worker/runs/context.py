"""What every run works with, how it reports to the queue, and how a job of it ends."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from likeness.contract.catalogue import Catalogue, load_catalogue
from likeness.contract.gates import Overrides
from likeness.contract.jobs import Progress, Result
from likeness.contract.presets import Presets, load_presets
from likeness.imaging.assessment.assess import WITHOUT_NETWORKS
from likeness.imaging.assessment.learned import LearnedMetrics
from likeness.storage.pictures import PictureStore
from worker.engine import Canvas, Plane
from worker.failures import Failure
from worker.observability.telemetry import Telemetry
from worker.residency.engines import Residents
from worker.runs.safeguards import Safeguards, Source
from worker.runs.turns import Turns

Outcome = Result | Failure
"""How one job of a run ended. A cancelled one has none."""


class Watch(Protocol):
    """The run's line to the queue."""

    def progress(self, job_ids: Sequence[str], progress: Progress) -> set[str]:
        """Report how far these jobs are; return those of them that nobody wants any more. Raises Stopped."""

    def waits(self, job_ids: Sequence[str]) -> set[str]:
        """Say that these jobs wait for the device; return those that nobody wants any more. Raises Stopped."""

    def begins(self) -> None:
        """Say that the run has the device now. Raises Stopped."""


@dataclass(frozen=True)
class Context:
    """What every run of a worker works with."""

    residents: Residents
    store: PictureStore
    catalogue: Catalogue = field(default_factory=load_catalogue)
    metrics: LearnedMetrics = WITHOUT_NETWORKS
    safeguards: Safeguards = field(default_factory=Safeguards)
    telemetry: Telemetry = field(default_factory=Telemetry)
    gates: Overrides = field(default_factory=dict)
    """Limits of the verdict that differ from those that ship."""
    presets: Presets = field(default_factory=load_presets)
    product: Callable[[Canvas], Plane] | None = None
    """How the product is found; by the segmenter where it is None."""
    kept: NDArray[np.bool_] | None = None
    """Where no run may change a pixel, H x W of the upright original, beside what its task says."""
    source: Source | None = None
    """What provenance names, where a run works on something that was made of the image that was sent."""
    turns: Turns = field(default_factory=Turns)
    """Whose turn it is on the device."""
