"""What an error of an engine means for its job: too little memory, or a failure of the engine itself."""

from likeness.contract.errors import EngineFailed, JobError, OutOfMemory

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
