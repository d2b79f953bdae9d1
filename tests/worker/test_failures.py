"""What counts as too little memory: the errors that libraries really raise."""

import errno

import numpy as np
import pytest
import torch

from likeness.contract.errors import NoProduct, OutOfMemory
from worker.failures import job_error, out_of_memory

TOO_MUCH = 2**58


def raised(call) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011  which class it is, is what is asked
        call()
    return caught.value


def test_what_torch_numpy_and_python_raise_when_memory_is_short() -> None:
    errors = [
        raised(lambda: torch.empty(TOO_MUCH, dtype=torch.uint8)),
        raised(lambda: np.empty(TOO_MUCH, np.uint8)),
        raised(lambda: bytearray(TOO_MUCH)),
    ]
    assert all(out_of_memory(error) for error in errors)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate(handle)"),
        RuntimeError("CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`"),
        RuntimeError("cuDNN error: CUDNN_STATUS_NOT_INITIALIZED"),
        RuntimeError("GET was unable to find an engine to execute this computation"),
        RuntimeError("std::bad_alloc"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        OutOfMemory("an engine's own word"),
    ],
)
def test_what_a_gpu_and_the_system_say(error: Exception) -> None:
    assert out_of_memory(error) and isinstance(job_error(error), OutOfMemory)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("CUDA error: device-side assert triggered"),
        ValueError("prompt: 'out of memory'"),
        NoProduct("none"),
    ],
)
def test_other_errors_are_not(error: Exception) -> None:
    assert not out_of_memory(error) and not isinstance(job_error(error), OutOfMemory)


def test_a_job_error_stays_what_it_is_and_holds_no_frames() -> None:
    def fail() -> None:
        raise NoProduct("nothing stands out")

    error = raised(fail)
    assert job_error(error) is error and error.__traceback__ is None
