"""All errors of the service, drawn as one tree: class, public code, meaning.

    InferloopError                      INTERNAL_ERROR
    ├── InvalidParameters               INVALID_PARAMETERS   one or more faults in the request
    │   ├── InvalidPath                                      outside the data root or the wrong area
    │   ├── UnsupportedMediaType        UNSUPPORTED_MEDIA_TYPE
    │   └── InvalidImage                                     refused before or while decoding
    ├── Unauthorized                    UNAUTHORIZED
    ├── Forbidden                       FORBIDDEN
    ├── NotFound                        NOT_FOUND
    ├── Conflict                        CONFLICT             it exists, or another writer changed it
    ├── PayloadTooLarge                 PAYLOAD_TOO_LARGE
    ├── RateLimited                     RATE_LIMITED         retryable
    ├── Overloaded                      OVERLOADED           retryable: a bounded queue is full
    ├── ReplicaLost                     REPLICA_LOST         retryable: died during the call
    ├── RequestTimeout                  REQUEST_TIMEOUT      retryable: the client sent too slowly
    ├── DeadlineExceeded                DEADLINE_EXCEEDED
    ├── Canceled                        CANCELED
    ├── RequirementsNotMet              REQUIREMENTS_NOT_MET no image met the requirements
    ├── GenerationFailed                INTERNAL_ERROR       the model failed on this request
    │   └── OutOfMemory                 INTERNAL_ERROR       retryable: too large even alone
    ├── MarkingFailed                   INTERNAL_ERROR       retryable: the file could not be signed
    └── StorageFailed                   INTERNAL_ERROR       permissions, S3 not reachable
        ├── StorageAway                 STORAGE_UNAVAILABLE  retryable: the data root is missing
        └── InsufficientStorage         INSUFFICIENT_STORAGE disk full or read-only, quota used up

`serve_app.errors` maps an error to its HTTP status. All constructor arguments are positional and
are passed to `super().__init__`, so that an error can be pickled and sent between Ray actors.
"""

from __future__ import annotations

from typing import ClassVar, Self

from engines.faults import Details as Details
from engines.faults import Fault as Fault
from engines.faults import JsonValue as JsonValue
from engines.faults import StorageLimit as StorageLimit


class InferloopError(Exception):
    """Base class of all errors. The `code` of a class never changes, so clients may rely on it."""

    code: ClassVar[str] = "INTERNAL_ERROR"
    retryable: ClassVar[bool] = False
    """Whether the same request may succeed if it is sent again."""
    template: ClassVar[str] = "{}"
    """Format string of the message, filled with the constructor's arguments."""

    @property
    def message(self) -> str:
        """What went wrong, for people. The client may see it."""
        return self.template.format(*self.args) if self.args else "Internal error"

    @property
    def details(self) -> Details:
        """What went wrong, for programs: JSON values, without secrets or paths of others."""
        return {}

    @property
    def retry_after_s(self) -> float | None:
        """Seconds after which a retry makes sense; None if not known."""
        return None

    def __str__(self) -> str:
        return self.message


class InvalidParameters(InferloopError):
    """The request is wrong; nothing was done. Takes one or more `Fault`s, most serious first."""

    code = "INVALID_PARAMETERS"

    def __init__(self, *faults: Fault) -> None:
        super().__init__(*faults)
        self.faults = faults

    @classmethod
    def of(cls, parameter: str, value: JsonValue, constraint: str, reason: str) -> Self:
        """An error with one fault."""
        return cls(Fault(parameter, value, constraint, reason))

    @property
    def message(self) -> str:
        """The first fault as one sentence."""
        first = self.faults[0]
        return f"Invalid parameter: {first.parameter} {first.reason}"

    @property
    def details(self) -> Details:
        """The first fault. If there are several, `errors` lists them all."""
        every: list[JsonValue] = [fault.as_details() for fault in self.faults]
        first = self.faults[0].as_details()
        return {**first, "errors": every} if len(every) > 1 else first


class InvalidPath(InvalidParameters):
    """A path outside the data root, or in an area that the endpoint does not serve."""


class InvalidImage(InvalidParameters):
    """The file cannot be used as an image: unsupported format, damaged, harmful or too large."""


class UnsupportedMediaType(InvalidParameters):
    """The body is compressed or encoded in a way that is not read; the fault names the header."""

    code = "UNSUPPORTED_MEDIA_TYPE"


class Unauthorized(InferloopError):
    """No API key, or a wrong one."""

    code = "UNAUTHORIZED"


class Forbidden(InferloopError):
    """The key is valid, but the action is not allowed (such as a bucket that is not configured)."""

    code = "FORBIDDEN"


class NotFound(InferloopError):
    """`NotFound("image", "/data/generated/x.png")`: the name is valid, but nothing has it."""

    code = "NOT_FOUND"

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(kind, name)
        self.kind = kind
        self.name = name

    @property
    def message(self) -> str:
        """The kind of thing, and the name that was asked for."""
        return f"{self.kind[:1].upper()}{self.kind[1:]} not found: {self.name}"

    @property
    def details(self) -> Details:
        """`resource` (the kind of thing) and `name`."""
        return {"resource": self.kind, "name": self.name}


class Conflict(InferloopError):
    """The object exists already, or another writer has locked or changed it."""

    code = "CONFLICT"


class PayloadTooLarge(InferloopError):
    """`PayloadTooLarge(limit_bytes)`: the request body is larger than the limit."""

    code = "PAYLOAD_TOO_LARGE"
    template = "Request body is larger than {} bytes"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(limit_bytes)
        self.limit_bytes = limit_bytes

    @property
    def details(self) -> Details:
        """`limit_bytes`, the largest size that is allowed."""
        return {"limit_bytes": self.limit_bytes}


class _Waitable(InferloopError):
    """An error with the time after which a retry makes sense: `(message, retry_after_s)`."""

    retryable = True

    @property
    def details(self) -> Details:
        """`retry_after_s`, seconds."""
        return {"retry_after_s": self.retry_after_s}

    @property
    def retry_after_s(self) -> float:
        """Seconds after which a retry makes sense."""
        return float(self.args[1])


class RateLimited(_Waitable):
    """The key has used up its rate limit; nothing was run."""

    code = "RATE_LIMITED"


class Overloaded(_Waitable):
    """A bounded queue is full; nothing was run."""

    code = "OVERLOADED"


class ReplicaLost(InferloopError):
    """The replica died during the call, and again when the call was repeated once."""

    code = "REPLICA_LOST"
    retryable = True


class _Timed(InferloopError):
    """An error about a time limit: `(deadline_s)`, seconds."""

    @property
    def details(self) -> Details:
        """`deadline_s`, the time limit in seconds."""
        return {"deadline_s": self.args[0]}


class DeadlineExceeded(_Timed):
    """`DeadlineExceeded(deadline_s)`: the work did not end in time and was stopped."""

    code = "DEADLINE_EXCEEDED"
    template = "Not finished within {:g} s"


class RequestTimeout(_Timed):
    """`RequestTimeout(deadline_s)`: the client sent its request too slowly; nothing was run."""

    code = "REQUEST_TIMEOUT"
    retryable = True
    template = "The request was not received within {:g} s"


class Canceled(InferloopError):
    """The client canceled the request, or closed its connection."""

    code = "CANCELED"


class RequirementsNotMet(InferloopError):
    """`RequirementsNotMet(tries, missed)`: no image met the request's `require`. `missed` counts,
    for each requirement, the images that did not meet it."""

    code = "REQUIREMENTS_NOT_MET"

    @property
    def message(self) -> str:
        """The number of tries, and how often each requirement was missed."""
        counts = ", ".join(f"{name} {count} times" for name, count in self.args[1].items())
        return f"No image met the requirements in {self.args[0]} tries: missed {counts}"

    @property
    def details(self) -> Details:
        """`tries` and `missed`."""
        return {"tries": self.args[0], "missed": {**self.args[1]}}


class GenerationFailed(InferloopError):
    """The model failed on this request only (NaN latents, an error while decoding)."""


class OutOfMemory(GenerationFailed):
    """The request did not fit into the device's memory, even when it ran alone."""

    retryable = True


class MarkingFailed(InferloopError):
    """The file could not be marked: the key, the KMS or the time-stamp server failed."""

    retryable = True


class StorageFailed(InferloopError):
    """An object could not be read or written: permissions, an I/O error, S3 not reachable."""


class StorageAway(StorageFailed):
    """The data root is missing, or another one is at its path. Nothing was read or written."""

    code = "STORAGE_UNAVAILABLE"
    retryable = True


class InsufficientStorage(StorageFailed):
    """`InsufficientStorage(message, limit, limit_bytes, used_bytes)`: no room; nothing was written.
    With the limit "free_space", `used_bytes` are the free bytes. None: not known."""

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
        """The `limit` that was reached, its `limit_bytes`, and the bytes used or free; if known."""
        used = "free_bytes" if self.limit == "free_space" else "used_bytes"
        known = {"limit_bytes": self.limit_bytes, used: self.used_bytes}
        return {"limit": self.limit, **{n: size for n, size in known.items() if size is not None}}
