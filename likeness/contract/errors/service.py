"""Errors of the service itself: defects, and what it depends on being unavailable."""

from likeness.contract.errors.base import LikenessError


class InternalError(LikenessError):
    """A defect of ours."""

    code, title = "internal_error", "Something went wrong in the service"


class Unavailable(LikenessError):
    """A dependency of the service is unavailable; the same request may work later."""

    code, title = "unavailable", "The service is not available"


class QueueUnavailable(Unavailable):
    """Redis does not respond."""

    code, title = "queue_unavailable", "The queue is not available"


class StoreUnavailable(Unavailable):
    """Storage does not respond."""

    code, title = "store_unavailable", "Storage is not available"


class NotReady(Unavailable):
    """Something that default jobs need is missing."""

    code, title = "not_ready", "The service is not ready"
