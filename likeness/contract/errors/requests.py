"""Errors of a request: the caller has to change it."""

from likeness.contract.errors.base import FieldProblem, LikenessError


class RequestError(LikenessError):
    """The caller has to change the request."""

    code, title, fault = "bad_request", "The request cannot be accepted", "caller"


class InvalidField(RequestError):
    """A field is missing, unknown, malformed or out of range."""

    code, title = "invalid_field", "A field is not valid"

    @classmethod
    def at(cls, field: str, detail: str) -> "InvalidField":
        """Return the error for one named field."""
        return cls(f"{field}: {detail}", [FieldProblem(f"#/{field}", detail)])


class UnknownEngine(RequestError):
    """No engine of that name in the catalogue."""

    code, title = "unknown_engine", "There is no such engine"


class EngineNotInstalled(RequestError):
    """No worker has the models that the engine runs on."""

    code, title = "engine_not_installed", "The engine is not installed"


class NonCommercialEngine(RequestError):
    """The licence of the engine forbids commercial use, and the service does not allow such engines."""

    code, title = "noncommercial_engine", "The engine's licence forbids commercial use"


class DoesNotFit(RequestError):
    """No worker has the memory that the engine needs."""

    code, title = "does_not_fit", "The job does not fit into any worker's memory"


class InstructionNotUnderstood(RequestError):
    """The engine does not support the instruction; `problems` lists those it supports."""

    code, title = "instruction_not_understood", "The instruction is not one that the engine can follow"


class InvalidPicture(RequestError):
    """The bytes are not an image, are truncated, or are damaged."""

    code, title = "invalid_picture", "The image cannot be read"


class UnsupportedFormat(RequestError):
    """An image of a format or mode that is not supported."""

    code, title = "unsupported_format", "This image format is not supported"


class AnimatedPicture(RequestError):
    """More than one frame."""

    code, title = "animated_picture", "The image is animated"


class MultiViewPicture(RequestError):
    """Several images that are parts of one view: a panorama, a stereo pair, several angles."""

    code, title = "multi_view_picture", "The file holds several views"


class PictureTooLarge(RequestError):
    """More pixels or a longer side than the limit."""

    code, title = "picture_too_large", "The image is too large"


class UploadTooLarge(RequestError):
    """More bytes than the limit."""

    code, title = "upload_too_large", "The upload is too large"


class UploadTooSlow(RequestError):
    """The body did not arrive in time."""

    code, title = "upload_too_slow", "The upload took too long"


class TooManyUploads(RequestError):
    """Other uploads use all the memory for uploads; try again soon."""

    code, title = "too_many_uploads", "Too many uploads at once"


class UnsupportedMedia(RequestError):
    """A content type that this call does not support."""

    code, title = "unsupported_media_type", "This content type is not supported"


class UrlNotAllowed(RequestError):
    """An image URL that is not public https."""

    code, title = "url_not_allowed", "The image URL is not allowed"


class UrlFailed(RequestError):
    """An image URL that did not return an image in time."""

    code, title = "url_failed", "The image URL did not return an image"


class NotAuthenticated(RequestError):
    """No API key, or an unknown one."""

    code, title = "not_authenticated", "An API key is required"


class ScopeMissing(RequestError):
    """The key lacks the scope that the call requires."""

    code, title = "scope_missing", "The API key may not do this"


class OriginNotAllowed(RequestError):
    """The request may come from another site's web page or from another machine."""

    code, title = "origin_not_allowed", "This origin may not use the service"


class NoSuchRoute(RequestError):
    """No such address."""

    code, title = "no_such_route", "This address does not exist"


class MethodNotAllowed(RequestError):
    """The address does not support this method; the header `Allow` has those that it does."""

    code, title = "method_not_allowed", "This address does not support the method"


class JobNotFound(RequestError):
    """No such job for this key."""

    code, title = "job_not_found", "There is no such job"


class JobExpired(RequestError):
    """The job existed; its lifetime is over."""

    code, title = "job_expired", "The job has expired"


class RecipeNotFound(RequestError):
    """No saved recipe of that name for this key."""

    code, title = "recipe_not_found", "There is no such recipe"


class ImageNotFound(RequestError):
    """The job has no image of that number."""

    code, title = "image_not_found", "The job has no such image"


class NoPreview(RequestError):
    """The job has no preview now: it is not running, or its engine has shown nothing yet."""

    code, title = "no_preview", "The job has no preview"


class JobNotFinished(RequestError):
    """The job has no result yet, or ended without one."""

    code, title = "job_not_finished", "The job has no result"


class NotReproducible(RequestError):
    """The service can no longer make what the job's recipe says."""

    code, title = "not_reproducible", "The job cannot be reproduced"


class NotAcceptable(RequestError):
    """None of the media types asked for can be given."""

    code, title = "not_acceptable", "None of the accepted media types is available"


class RangeNotSatisfiable(RequestError):
    """The asked bytes lie outside the image."""

    code, title = "range_not_satisfiable", "The range is outside the image"


class IdempotencyMismatch(RequestError):
    """The key was used before with other content."""

    code, title = "idempotency_mismatch", "The idempotency key was used with other content"


class IdempotencyPending(RequestError):
    """The first request with this key is still being accepted."""

    code, title = "idempotency_pending", "The first request with this key is still being accepted"


class UploadNotFound(RequestError):
    """Nothing of this sha256 was uploaded with this key, or its lifetime is over."""

    code, title = "upload_not_found", "There is no such upload"


class UploadDiffers(RequestError):
    """The sha256 of the bytes is not the one in the address."""

    code, title = "upload_differs", "The bytes are not those of this sha256"


class UploadsFull(RequestError):
    """The uploads of the key take all the room that they may; delete some, or wait until they expire."""

    code, title = "uploads_full", "The key's uploads take all the room they may"


class BatchNotFound(RequestError):
    """No such batch for this key."""

    code, title = "batch_not_found", "There is no such batch"


class InvalidBatch(RequestError):
    """Rows or recipes of a batch are wrong; `errors` has each with its line, and nothing was started."""

    code, title, most_problems = "invalid_batch", "The batch is not valid", 1000


class BatchEnded(RequestError):
    """The batch has ended: it can be retried, not paused, resumed or cancelled."""

    code, title = "batch_ended", "The batch has ended"


class QueueFull(RequestError):
    """The maximum number of jobs is waiting; try again later."""

    code, title = "queue_full", "The queue is full"


class QuotaExceeded(RequestError):
    """The key has used up its daily quota of jobs; it resets at midnight UTC."""

    code, title = "quota_exceeded", "The daily quota is used up"
