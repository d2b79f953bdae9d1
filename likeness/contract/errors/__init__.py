"""Every error that Likeness reports, as one tree.

LikenessError
├── RequestError            the caller's fault: change the request
│   ├── InvalidField            a field is missing, unknown, malformed or out of its bounds
│   ├── UnknownEngine           no engine of that name in the catalogue
│   ├── EngineNotInstalled      no worker has the models that the engine runs on
│   ├── DoesNotFit              no worker has the memory that the engine needs
│   ├── InstructionNotUnderstood  the engine cannot do what is asked in words; `errors` lists what it can
│   ├── InvalidPicture          not an image, truncated, or damaged
│   ├── UnsupportedFormat       an image, but of a format or mode that is not taken
│   ├── AnimatedPicture         more than one frame
│   ├── MultiViewPicture        several images that are parts of one view
│   ├── PictureTooLarge         more pixels, or a longer side, than the bound
│   ├── UploadTooLarge          more bytes than the bound
│   ├── UploadTooSlow           the body did not arrive in time
│   ├── TooManyUploads          other uploads take all the memory there is for them; try again soon
│   ├── UnsupportedMedia        a content type that this call does not take
│   ├── UrlNotAllowed           an image URL that is not public https
│   ├── UrlFailed               an image URL that did not answer with an image
│   ├── NotAuthenticated        no key, or one that is not known
│   ├── ScopeMissing            the key may not do this
│   ├── OriginNotAllowed        it may come from a web page of another site, or from another machine
│   ├── NoSuchRoute             no such address
│   ├── MethodNotAllowed        the address is there, but not with this method
│   ├── JobNotFound             no such job for this key
│   ├── JobExpired              there was such a job; its lifetime is over
│   ├── RecipeNotFound          no saved recipe of that name for this key
│   ├── ImageNotFound           the job has no image of that number
│   ├── NoPreview               the job shows nothing now: not running, or its engine shows nothing so far
│   ├── JobNotFinished          the job has no result yet, or ended without one
│   ├── NotReproducible         the service can no longer make what the recipe says
│   ├── NotAcceptable           none of the media types asked for
│   ├── RangeNotSatisfiable     the asked bytes lie outside the image
│   ├── IdempotencyMismatch     the key was used before with other content
│   ├── IdempotencyPending      the first request with this key is still being accepted
│   ├── QueueFull               try again later
│   └── QuotaExceeded           the key has had its jobs of the day
├── JobError                why an accepted job failed
│   ├── NoProduct               nothing in the image stands out as the product, or all of it does
│   ├── NoRoom                  nothing on the product is plain enough for the print
│   ├── UnsafeResult            the safety checker withheld all that was made
│   ├── EngineFailed            the engine raised
│   ├── OutOfMemory             it did not fit, even alone
│   ├── JobTimeout              it ran past its time bound
│   ├── WorkerDied              it took its worker down each time it was tried
│   ├── InputLost               its input is gone from the store
│   └── StoreFailed             the store did not answer while it ran
├── InternalError           a defect of ours
└── Unavailable             ours: something the service stands on is away
    ├── QueueUnavailable        Redis does not respond
    ├── StoreUnavailable        the image store does not respond
    └── NotReady                something that the default jobs need is missing
"""

from likeness.contract.errors.base import Fault, FieldProblem, LikenessError, every_error
from likeness.contract.errors.jobs import (
    EngineFailed,
    InputLost,
    JobError,
    JobTimeout,
    NoProduct,
    NoRoom,
    OutOfMemory,
    StoreFailed,
    UnsafeResult,
    WorkerDied,
)
from likeness.contract.errors.requests import (
    AnimatedPicture,
    DoesNotFit,
    EngineNotInstalled,
    IdempotencyMismatch,
    IdempotencyPending,
    ImageNotFound,
    InstructionNotUnderstood,
    InvalidField,
    InvalidPicture,
    JobExpired,
    JobNotFinished,
    JobNotFound,
    MethodNotAllowed,
    MultiViewPicture,
    NoPreview,
    NoSuchRoute,
    NotAcceptable,
    NotAuthenticated,
    NotReproducible,
    OriginNotAllowed,
    PictureTooLarge,
    QueueFull,
    QuotaExceeded,
    RangeNotSatisfiable,
    RecipeNotFound,
    RequestError,
    ScopeMissing,
    TooManyUploads,
    UnknownEngine,
    UnsupportedFormat,
    UnsupportedMedia,
    UploadTooLarge,
    UploadTooSlow,
    UrlFailed,
    UrlNotAllowed,
)
from likeness.contract.errors.service import InternalError, NotReady, QueueUnavailable, StoreUnavailable, Unavailable

__all__ = [
    "AnimatedPicture",
    "DoesNotFit",
    "EngineFailed",
    "EngineNotInstalled",
    "Fault",
    "FieldProblem",
    "IdempotencyMismatch",
    "IdempotencyPending",
    "ImageNotFound",
    "InputLost",
    "InstructionNotUnderstood",
    "InternalError",
    "InvalidField",
    "InvalidPicture",
    "JobError",
    "JobExpired",
    "JobNotFinished",
    "JobNotFound",
    "JobTimeout",
    "LikenessError",
    "MethodNotAllowed",
    "MultiViewPicture",
    "NoPreview",
    "NoProduct",
    "NoRoom",
    "NoSuchRoute",
    "NotAcceptable",
    "NotAuthenticated",
    "NotReady",
    "NotReproducible",
    "OriginNotAllowed",
    "OutOfMemory",
    "PictureTooLarge",
    "QueueFull",
    "QueueUnavailable",
    "QuotaExceeded",
    "RangeNotSatisfiable",
    "RecipeNotFound",
    "RequestError",
    "ScopeMissing",
    "StoreFailed",
    "StoreUnavailable",
    "TooManyUploads",
    "Unavailable",
    "UnknownEngine",
    "UnsafeResult",
    "UnsupportedFormat",
    "UnsupportedMedia",
    "UploadTooLarge",
    "UploadTooSlow",
    "UrlFailed",
    "UrlNotAllowed",
    "WorkerDied",
    "every_error",
]
