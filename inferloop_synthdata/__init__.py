"""Client of Inferloop Synthetic Images: `SyntheticImageClient`, the same for asyncio, typed errors.

It calls the service over HTTP and imports none of its code. It needs only httpx, websockets and
pathspec.
"""

from inferloop_synthdata.async_client import AsyncSyntheticImageClient
from inferloop_synthdata.client import SyntheticImageClient
from inferloop_synthdata.errors import (
    ApiError,
    Canceled,
    ClientError,
    Conflict,
    ConnectionFailed,
    DeadlineExceeded,
    Forbidden,
    InsufficientStorage,
    InvalidParameters,
    NotFound,
    Overloaded,
    PayloadTooLarge,
    RateLimited,
    ReplicaLost,
    RequestTimedOut,
    RequestTimeout,
    RequirementsNotMet,
    ServerError,
    StorageUnavailable,
    Unauthorized,
    UnexpectedAnswer,
    UnsupportedMediaType,
)
from inferloop_synthdata.operations.datasets.uploads import UploadedPictures
from inferloop_synthdata.sources.labeled import LabeledPicture, labeled_pictures
from inferloop_synthdata.transport.event_stream import JobEvent
from inferloop_synthdata.transport.generation_stream import GenerationEvent, Progress, Result
from inferloop_synthdata.version import __version__

__all__ = [
    "ApiError",
    "AsyncSyntheticImageClient",
    "Canceled",
    "ClientError",
    "Conflict",
    "ConnectionFailed",
    "DeadlineExceeded",
    "Forbidden",
    "GenerationEvent",
    "InsufficientStorage",
    "InvalidParameters",
    "JobEvent",
    "LabeledPicture",
    "NotFound",
    "Overloaded",
    "PayloadTooLarge",
    "Progress",
    "RateLimited",
    "ReplicaLost",
    "RequestTimedOut",
    "RequestTimeout",
    "RequirementsNotMet",
    "Result",
    "ServerError",
    "StorageUnavailable",
    "SyntheticImageClient",
    "Unauthorized",
    "UnexpectedAnswer",
    "UnsupportedMediaType",
    "UploadedPictures",
    "__version__",
    "labeled_pictures",
]
