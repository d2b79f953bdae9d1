"""Every error that Likeness reports, as one tree.

LikenessError
├── RequestError            the caller's fault: change the request
│   ├── InvalidField            a field is missing, unknown, malformed or out of its bounds
│   ├── UnknownEngine           no engine of that name in the catalogue
│   ├── EngineNotInstalled      no worker has the models that the engine runs on
│   ├── NonCommercialEngine     the engine's licence forbids commercial use, and the service does not allow such engines
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
│   ├── UploadNotFound          nothing of that sha256 was uploaded with this key
│   ├── UploadDiffers           the bytes are not those that their name says
│   ├── UploadsFull             the key's uploads take all the room that they may
│   ├── BatchNotFound           no such batch for this key
│   ├── InvalidBatch            rows of a batch are wrong; each is told, and nothing starts
│   ├── BatchEnded              the batch has ended, so it cannot be paused or resumed
│   ├── QueueFull               try again later
│   └── QuotaExceeded           the key has had its jobs of the day
├── JobError                why an accepted job failed
│   ├── ImageUnavailable        the image of a batch's item could not be had when its turn came
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
    ImageUnavailable,
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
    BatchEnded,
    BatchNotFound,
    DoesNotFit,
    EngineNotInstalled,
    IdempotencyMismatch,
    IdempotencyPending,
    ImageNotFound,
    InstructionNotUnderstood,
    InvalidBatch,
    InvalidField,
    InvalidPicture,
    JobExpired,
    JobNotFinished,
    JobNotFound,
    MethodNotAllowed,
    MultiViewPicture,
    NonCommercialEngine,
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
    UploadDiffers,
    UploadNotFound,
    UploadsFull,
    UploadTooLarge,
    UploadTooSlow,
    UrlFailed,
    UrlNotAllowed,
)
from likeness.contract.errors.service import InternalError, NotReady, QueueUnavailable, StoreUnavailable, Unavailable

__all__ = [
    "AnimatedPicture",
    "BatchEnded",
    "BatchNotFound",
    "DoesNotFit",
    "EngineFailed",
    "EngineNotInstalled",
    "Fault",
    "FieldProblem",
    "IdempotencyMismatch",
    "IdempotencyPending",
    "ImageNotFound",
    "ImageUnavailable",
    "InputLost",
    "InstructionNotUnderstood",
    "InternalError",
    "InvalidBatch",
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
    "NonCommercialEngine",
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
    "UploadDiffers",
    "UploadNotFound",
    "UploadTooLarge",
    "UploadTooSlow",
    "UploadsFull",
    "UrlFailed",
    "UrlNotAllowed",
    "WorkerDied",
    "every_error",
]
