"""What an error means for its job: a picture that cannot be read, too little memory, or a failure of the engine."""

from likeness.contract.errors import (
    AnimatedPicture,
    EngineFailed,
    InvalidPicture,
    JobError,
    LikenessError,
    MultiViewPicture,
    OutOfMemory,
    PictureTooLarge,
    RequestError,
    StoreFailed,
    StoreUnavailable,
    UnsupportedFormat,
)

Failure = JobError | RequestError
"""Why a job failed: an error of the job, or what is wrong with a picture that was sent with it."""
PICTURE_ERRORS = (InvalidPicture, UnsupportedFormat, AnimatedPicture, MultiViewPicture, PictureTooLarge)
"""The caller's fault, whenever they are found: the door finds them all, unless a newer worker reads more strictly."""

SHORTAGES = (
    "out of memory",
    "can't allocate memory",
    "cannot allocate memory",
    "bad_alloc",
    "_alloc_failed",
    "cublas_status_not_initialized",
    "cudnn_status_not_initialized",
    "unable to find an engine to execute this computation",
)
"""What torch, CUDA's libraries and the system say, in small letters, when memory is short.

The last three are cuBLAS and cuDNN that found no room for their handles or for the workspace of any of their methods.
"""


def out_of_memory(error: BaseException) -> bool:
    """Return whether memory was short, the machine's or the device's.

    The text is read, since only a GPU's own allocator has a class for it: torch tells of a full machine by a bare
    RuntimeError, cuBLAS and cuDNN by their status.
    """
    if isinstance(error, MemoryError | OutOfMemory):
        return True
    return isinstance(error, RuntimeError | OSError) and any(phrase in str(error).lower() for phrase in SHORTAGES)


def job_error(error: Exception) -> JobError:
    """Return how the one job ends that an engine raised this for. The engine's traceback is not held on to."""
    if out_of_memory(error):
        return OutOfMemory("the picture does not fit into this worker's memory, even alone")
    if isinstance(error, JobError):
        return error.with_traceback(None)
    return EngineFailed(f"the engine raised {type(error).__name__}: {error}")


def input_error(error: LikenessError) -> Failure:
    """Return how a job ends whose input this was raised for: a flaw of a picture keeps its name and its fault."""
    if isinstance(error, (JobError, *PICTURE_ERRORS)):
        return error
    return StoreFailed(error.detail) if isinstance(error, StoreUnavailable) else EngineFailed(error.detail)
