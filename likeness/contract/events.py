"""What a job's event stream consists of."""

from typing import Literal

from pydantic import Field

from likeness.contract.jobs import JobFailure, JobStatus, Progress
from likeness.contract.labels import Labels
from likeness.contract.strict import Strict


class Event(Strict):
    """One entry of a job's event stream."""

    type: Literal["status", "progress"]
    status: JobStatus
    progress: Progress | None = None
    error: JobFailure | None = None
    reference: str | None = Field(default=None, description="of the job, if it has one")
    metadata: dict[str, str] | None = Field(default=None, description="of the job, if it has any")
    steps_done: int | None = Field(
        default=None, description="with `cancelled`: number of steps completed before it stopped"
    )

    def labelled(self, labels: Labels) -> "Event":
        """Return the event with what its job is called by."""
        return self.model_copy(update={"reference": labels.reference, "metadata": labels.metadata or None})
