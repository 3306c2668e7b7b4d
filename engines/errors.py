"""Every error that the service can give, drawn as one tree.

    InferloopError                      INTERNAL_ERROR
    ├── InvalidParameters               INVALID_PARAMETERS   one or more faults in the request
    │   ├── InvalidPath                                      outside the data root or the wrong area
    │   ├── UnsupportedMediaType        UNSUPPORTED_MEDIA_TYPE
    │   └── InvalidImage                                     refused before or while decoding
    ├── Unauthorized                    UNAUTHORIZED
    ├── Forbidden                       FORBIDDEN
    ├── NotFound                        NOT_FOUND
    ├── Conflict                        CONFLICT             somebody else wrote it first
    ├── PayloadTooLarge                 PAYLOAD_TOO_LARGE
    ├── RateLimited                     RATE_LIMITED         retryable
    ├── Overloaded                      OVERLOADED           retryable: a bounded queue is full
    ├── ReplicaLost                     REPLICA_LOST         retryable: it died under the call
    ├── RequestTimeout                  REQUEST_TIMEOUT      retryable: the client sent too slowly
    ├── DeadlineExceeded                DEADLINE_EXCEEDED
    ├── Canceled                        CANCELED
    ├── RequirementsNotMet              REQUIREMENTS_NOT_MET no try passed what was required
    ├── GenerationFailed                INTERNAL_ERROR       the model failed on this request
    │   └── OutOfMemory                 INTERNAL_ERROR       retryable: not even alone did it fit
    ├── MarkingFailed                   INTERNAL_ERROR       retryable: no signature could be had
    └── StorageFailed                   INTERNAL_ERROR       permissions, S3 away
        ├── StorageAway                 STORAGE_UNAVAILABLE  retryable: the data root is not there
        └── InsufficientStorage         INSUFFICIENT_STORAGE disk full, quota spent, read-only

`serve_app.errors` maps an error to HTTP. All constructor arguments are positional and go to
`super().__init__`, so that an error survives pickling between actors.
"""

from __future__ import annotations

from typing import ClassVar, Self

from engines.faults import Details as Details
from engines.faults import Fault as Fault
from engines.faults import JsonValue as JsonValue
from engines.faults import StorageLimit as StorageLimit


class InferloopError(Exception):
    """Root of the tree. `code` is public and stable; `message` is for people."""

    code: ClassVar[str] = "INTERNAL_ERROR"
    retryable: ClassVar[bool] = False

    @property
    def message(self) -> str:
        """What went wrong, in words that may be shown to the client."""
        return str(self.args[0]) if self.args else "Internal error"

    @property
    def details(self) -> Details:
        """What a program can act on; JSON values only, no secrets, no foreign paths."""
        return {}

    @property
    def retry_after_s(self) -> float | None:
        """Seconds after which a retry makes sense; None where the error does not say."""
        return None

    def __str__(self) -> str:
        return self.message


class InvalidParameters(InferloopError):
    """The request is wrong; nothing was done. Takes one or more `Fault`s, the first the gravest."""

    code = "INVALID_PARAMETERS"

    def __init__(self, *faults: Fault) -> None:
        super().__init__(*faults)
        self.faults = faults

    @classmethod
    def of(cls, parameter: str, value: JsonValue, constraint: str, reason: str) -> Self:
        """The common case: one fault."""
        return cls(Fault(parameter, value, constraint, reason))

    @property
    def message(self) -> str:
        """The first fault in one sentence."""
        first = self.faults[0]
        return f"Invalid parameter: {first.parameter} {first.reason}"

    @property
    def details(self) -> Details:
        """The first fault; `errors` lists all where there are several."""
        every: list[JsonValue] = [fault.as_details() for fault in self.faults]
        first = self.faults[0].as_details()
        return {**first, "errors": every} if len(every) > 1 else first


class InvalidPath(InvalidParameters):
    """A path outside the data root, or in an area that the endpoint does not serve."""


class InvalidImage(InvalidParameters):
    """Not an image we decode: truncated, lying about its type, too large, too many pixels."""


class UnsupportedMediaType(InvalidParameters):
    """The body is in a form that is not read (compressed). The parameter is a request header."""

    code = "UNSUPPORTED_MEDIA_TYPE"


class Unauthorized(InferloopError):
    """No API key, or a wrong one."""

    code = "UNAUTHORIZED"


class Forbidden(InferloopError):
    """The key is known, the act is not allowed (a bucket off the list, no `public_read`)."""

    code = "FORBIDDEN"


class NotFound(InferloopError):
    """`NotFound("image", "/data/generated/x.png")`: inside our world, but absent."""

    code = "NOT_FOUND"

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(kind, name)
        self.kind = kind
        self.name = name

    @property
    def message(self) -> str:
        """What kind of thing is not there, and the name that was asked for."""
        return f"{self.kind[:1].upper()}{self.kind[1:]} not found: {self.name}"

    @property
    def details(self) -> Details:
        """`resource`, its kind, and `name`."""
        return {"resource": self.kind, "name": self.name}


class Conflict(InferloopError):
    """The object exists already, or another writer holds or changed it."""

    code = "CONFLICT"


class PayloadTooLarge(InferloopError):
    """`PayloadTooLarge(limit_bytes)`."""

    code = "PAYLOAD_TOO_LARGE"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(limit_bytes)
        self.limit_bytes = limit_bytes

    @property
    def message(self) -> str:
        """The limit in bytes, in a sentence."""
        return f"Request body is larger than {self.limit_bytes} bytes"

    @property
    def details(self) -> Details:
        """`limit_bytes`."""
        return {"limit_bytes": self.limit_bytes}


class _Waitable(InferloopError):
    """An error that says when to come back: `(message, retry_after_s)`."""

    retryable = True

    @property
    def details(self) -> Details:
        return {"retry_after_s": self.retry_after_s}

    @property
    def retry_after_s(self) -> float:
        return float(self.args[1])


class RateLimited(_Waitable):
    """The key's budget of the moving window is spent; nothing was run."""

    code = "RATE_LIMITED"


class Overloaded(_Waitable):
    """A bounded queue is full; nothing was run."""

    code = "OVERLOADED"


class ReplicaLost(InferloopError):
    """The replica died under the call, and under its one repetition."""

    code = "REPLICA_LOST"
    retryable = True


class _Timed(InferloopError):
    """An error about a time limit: `(deadline_s)`, seconds."""

    words: ClassVar[str] = ""

    @property
    def message(self) -> str:
        return self.words.format(*self.args)

    @property
    def details(self) -> Details:
        return {"deadline_s": self.args[0]}


class DeadlineExceeded(_Timed):
    """`DeadlineExceeded(deadline_s)`: the work did not end in time and was stopped."""

    code = "DEADLINE_EXCEEDED"
    words = "Not finished within {:g} s"


class RequestTimeout(_Timed):
    """`RequestTimeout(deadline_s)`: the client sent its request too slowly; nothing was run."""

    code = "REQUEST_TIMEOUT"
    retryable = True
    words = "The request was not received within {:g} s"


class Canceled(InferloopError):
    """The client asked for it, or went away."""

    code = "CANCELED"


class RequirementsNotMet(InferloopError):
    """`RequirementsNotMet(tries, missed)`: no image passed; `missed`: what failed how often."""

    code = "REQUIREMENTS_NOT_MET"

    @property
    def message(self) -> str:
        counts = ", ".join(f"{name} {count} times" for name, count in self.args[1].items())
        return f"No image met the requirements in {self.args[0]} tries: missed {counts}"

    @property
    def details(self) -> Details:
        return {"tries": self.args[0], "missed": {**self.args[1]}}


class GenerationFailed(InferloopError):
    """The model failed on this request, and on no other (NaN latents, a decode error)."""


class OutOfMemory(GenerationFailed):
    """Not even alone in its step did the request fit into the device's memory."""

    retryable = True


class MarkingFailed(InferloopError):
    """No mark could be put into the file: the key, the KMS or the time-stamp server failed."""

    retryable = True


class StorageFailed(InferloopError):
    """The data root does not take or give the object: permissions, an I/O error, S3 away."""


class StorageAway(StorageFailed):
    """The data root is gone, or another one is in its place. Nothing was read or written."""

    code = "STORAGE_UNAVAILABLE"
    retryable = True


class InsufficientStorage(StorageFailed):
    """`InsufficientStorage(message, limit, limit_bytes, used_bytes)`: no room; nothing was written.
    For the floor, `used_bytes` are those that are free; None: nobody knows."""

    code = "INSUFFICIENT_STORAGE"

    def __init__(
        self,
        message: str,
        limit: StorageLimit = "file_system",
        limit_bytes: int | None = None,
        used_bytes: int | None = None,
    ) -> None:
        super().__init__(message, limit, limit_bytes, used_bytes)
        self.limit = limit
        self.limit_bytes = limit_bytes
        self.used_bytes = used_bytes

    @property
    def details(self) -> Details:
        """The `limit` that was met, its `limit_bytes`, and what is used or free where known."""
        used = "free_bytes" if self.limit == "free_space" else "used_bytes"
        known = {"limit_bytes": self.limit_bytes, used: self.used_bytes}
        return {"limit": self.limit, **{n: size for n, size in known.items() if size is not None}}
