"""Errors of an accepted job: why it failed."""

from typing import ClassVar

from likeness.contract.errors.base import Fault, LikenessError


class JobError(LikenessError):
    """Why an accepted job failed."""

    code, title = "job_failed", "The job failed"
    fault: ClassVar[Fault] = "engine"


class ImageUnavailable(JobError):
    """The image of a batch's item could not be had when its turn came: fetched, or found among uploads or jobs."""

    code, title, fault = "image_unavailable", "The image was not available", "caller"


class NoProduct(JobError):
    """Nothing in the image stands out as the product, or all of it does: send a mask."""

    code, title, fault = "no_product", "No product was found in the image", "caller"


class NoRoom(JobError):
    """Nothing on the product is plain and large enough for the print: send a place, or another image."""

    code, title, fault = "no_room", "The product has no room for the print", "caller"


class UnsafeResult(JobError):
    """The safety checker withheld every image: the same request gives the same, another prompt or seed may not."""

    code, title, fault = "unsafe_result", "The safety checker withheld the result", "caller"


class EngineFailed(JobError):
    """The engine raised."""

    code, title = "engine_failed", "The engine failed"


class OutOfMemory(JobError):
    """The job did not fit into memory, even alone."""

    code, title = "out_of_memory", "The image does not fit into memory"


class JobTimeout(JobError):
    """The job exceeded its time limit."""

    code, title = "timeout", "The job took too long"


class WorkerDied(JobError):
    """Every attempt at the job crashed its worker."""

    code, title = "worker_died", "The worker died while it ran the job"


class InputLost(JobError):
    """The input is no longer stored from the store."""

    code, title, fault = "input_lost", "The input is no longer stored", "service"


class StoreFailed(JobError):
    """Storage did not respond while the job ran."""

    code, title = "store_failed", "Storage failed"
    fault: ClassVar[Fault] = "service"
