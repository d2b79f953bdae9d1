"""What a person at a terminal, or a caller of the client, is told when something cannot be done."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from likeness.contract.errors import FieldProblem


def unreadable(file: object, error: OSError) -> str:
    """Return why a file cannot be read, and what to do where a folder was given."""
    if isinstance(error, IsADirectoryError):
        return f"{file} is a folder: name the image files in it, such as {str(file).rstrip('/')}/*.jpg"
    return f"{file} cannot be read: {error.strerror}"


class Problem(Exception):
    """Its text is one or two plain sentences that can be shown as they are."""


class LocalProblem(Problem):
    """The one-machine stack cannot start or go on, or a file or setting here is not as it has to be."""


class SomeFailed(LocalProblem):
    """Some images were rejected, or their jobs failed; the others were made."""


@contextmanager
def writing(target: object) -> Iterator[None]:
    """Raise LocalProblem where the block cannot write the file `target`."""
    try:
        yield
    except OSError as error:
        raise LocalProblem(f"{target} cannot be written: {error.strerror or error}") from error


class LikenessProblem(Problem):
    """What the service answered instead of a result, or why it could not be asked.

    `status` is the HTTP status, 0 when there was no answer; `code` is stable (`invalid_field`, `queue_full`, ...);
    `errors` are the fields that are wrong; `request_id` finds the request in the service's log, empty when there was no
    answer; `retry_after` is in seconds, None where the service did not say.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: Sequence[FieldProblem] = (),
        request_id: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = list(errors)
        self.request_id = request_id
        self.retry_after = retry_after
