"""Errors of an accepted job: why it failed."""

from typing import ClassVar

from likeness.contract.errors.base import Fault, LikenessError


class JobError(LikenessError):
    """Why an accepted job failed."""

    code, title = "job_failed", "The job failed"
    fault: ClassVar[Fault] = "engine"


class NoProduct(JobError):
    """Nothing in the picture stands out as the product, or all of it does: send a mask."""

    code, title, fault = "no_product", "No product was found in the picture", "caller"


class UnsafeResult(JobError):
    """The safety checker withheld all that was made: the same again gives the same, another prompt or seed may not."""

    code, title, fault = "unsafe_result", "What was made was withheld by the safety checker", "caller"


class EngineFailed(JobError):
    """The engine raised."""

    code, title = "engine_failed", "The engine failed"


class OutOfMemory(JobError):
    """The job did not fit into memory, even alone."""

    code, title = "out_of_memory", "The picture does not fit into memory"


class JobTimeout(JobError):
    """The job ran past its time bound."""

    code, title = "timeout", "The job took too long"


class WorkerDied(JobError):
    """The job took its worker down each time it was tried."""

    code, title = "worker_died", "The worker died while it ran the job"


class InputLost(JobError):
    """The input is gone from the store."""

    code, title, fault = "input_lost", "The input is gone", "service"


class StoreFailed(JobError):
    """The store did not answer while the job ran."""

    code, title = "store_failed", "The store failed"
    fault: ClassVar[Fault] = "service"
