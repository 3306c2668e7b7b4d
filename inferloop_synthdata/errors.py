"""Every error that the client raises, drawn as one tree.

    ClientError
    ├── ConnectionFailed            no answer: refused, cut, or not resolved
    │   └── RequestTimedOut         the caller's own `timeout_s` is over
    ├── UnexpectedAnswer            an answer that is not the contract's (a proxy's page, cut JSON)
    └── ApiError                    the service said no, in its error envelope
        ├── InvalidParameters       400 INVALID_PARAMETERS
        ├── Unauthorized            401 UNAUTHORIZED
        ├── Forbidden               403 FORBIDDEN
        ├── NotFound                404 NOT_FOUND
        ├── RequestTimeout          408 REQUEST_TIMEOUT      nothing was run
        ├── Conflict                409 CONFLICT
        ├── PayloadTooLarge         413 PAYLOAD_TOO_LARGE
        ├── UnsupportedMediaType    415 UNSUPPORTED_MEDIA_TYPE
        ├── RequirementsNotMet      422 REQUIREMENTS_NOT_MET no image is kept
        ├── RateLimited             429 RATE_LIMITED         nothing was run
        ├── Overloaded              503 OVERLOADED           nothing was run
        ├── ReplicaLost             503 REPLICA_LOST         may have run
        ├── DeadlineExceeded        504 DEADLINE_EXCEEDED
        ├── InsufficientStorage     507 INSUFFICIENT_STORAGE nothing was written
        ├── StorageUnavailable      503 STORAGE_UNAVAILABLE  nothing was read or written
        ├── Canceled                    CANCELED
        └── ServerError             500 INTERNAL_ERROR, and whatever else is 5xx

A code that this version does not know is a plain `ApiError` (`ServerError` from status 500 on).
No message holds the API key.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]


class ClientError(Exception):
    """Root of the tree; `str()` of it is one line for people."""


class ConnectionFailed(ClientError):
    """No answer came. `request_sent` is False only where the server cannot have seen the call."""

    def __init__(self, message: str, request_sent: bool) -> None:
        super().__init__(message, request_sent)
        self.message = message
        self.request_sent = request_sent

    def __str__(self) -> str:
        return self.message


class RequestTimedOut(ConnectionFailed):
    """`timeout_s` passed while waiting for the answer; the server may still be at work."""


class UnexpectedAnswer(ClientError):
    """The answer is not one of the contract: something else listens at `base_url`."""


class ApiError(ClientError):
    """The service refused or failed.

    `code` is stable and meant for programs, `message` for people; `status` is the HTTP status
    (None for an error over an open WebSocket, or in an answer that had begun); `details` holds
    what the envelope holds; `retry_after_s` is in seconds, None where the server does not say;
    `request_id` finds the call in the server's log.
    """

    def __init__(
        self,
        code: str,
        status: int | None,
        message: str,
        details: Mapping[str, JsonValue] = MappingProxyType({}),
        retry_after_s: float | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(code, status, message, dict(details), retry_after_s, request_id)
        self.code = code
        self.status = status
        self.message = message
        self.details: Mapping[str, JsonValue] = dict(details)
        self.retry_after_s = retry_after_s
        self.request_id = request_id

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class InvalidParameters(ApiError):
    """The request is wrong; `details` names parameter, value and constraint."""


class Unauthorized(ApiError):
    """No API key, or a wrong one."""


class Forbidden(ApiError):
    """The key is known, the act is not allowed."""


class NotFound(ApiError):
    """The image, profile, dataset or route is not there."""


class Conflict(ApiError):
    """It exists already, or somebody else is writing it."""


class PayloadTooLarge(ApiError):
    """The body is larger than the server takes."""


class UnsupportedMediaType(ApiError):
    """The body is in a form that the server does not read, such as compressed."""


class RateLimited(ApiError):
    """The key's budget is spent; nothing was run. Retried by the client."""


class Overloaded(ApiError):
    """The server's queue is full; nothing was run. Retried by the client."""


class ReplicaLost(ApiError):
    """The server's worker died under the call. Retried only where a repetition is harmless."""


class DeadlineExceeded(ApiError):
    """The server stopped the work because it took too long."""


class RequestTimeout(ApiError):
    """The server did not receive the request in time; nothing was run."""


class InsufficientStorage(ApiError):
    """The server's disk, or the quota of the key, is full. Reading and deleting go on."""


class StorageUnavailable(ApiError):
    """The server's data root is not there: it may be asked again when somebody has mended that."""


class RequirementsNotMet(ApiError):
    """None of the tries gave an image that met what was required; `details` counts what failed."""


class Canceled(ApiError):
    """The job was canceled."""


class ServerError(ApiError):
    """The server failed (status 500 and above)."""


ERROR_BY_CODE: Mapping[str, type[ApiError]] = MappingProxyType(
    {
        "INVALID_PARAMETERS": InvalidParameters,
        "UNAUTHORIZED": Unauthorized,
        "FORBIDDEN": Forbidden,
        "NOT_FOUND": NotFound,
        "CONFLICT": Conflict,
        "PAYLOAD_TOO_LARGE": PayloadTooLarge,
        "UNSUPPORTED_MEDIA_TYPE": UnsupportedMediaType,
        "RATE_LIMITED": RateLimited,
        "OVERLOADED": Overloaded,
        "REPLICA_LOST": ReplicaLost,
        "DEADLINE_EXCEEDED": DeadlineExceeded,
        "REQUEST_TIMEOUT": RequestTimeout,
        "INSUFFICIENT_STORAGE": InsufficientStorage,
        "STORAGE_UNAVAILABLE": StorageUnavailable,
        "REQUIREMENTS_NOT_MET": RequirementsNotMet,
        "CANCELED": Canceled,
        "INTERNAL_ERROR": ServerError,
    }
)
"""The class of each public code."""


def error_class(code: str, status: int | None) -> type[ApiError]:
    """The class that carries `code`; for an unknown code, the family of its status."""
    family = ServerError if status is not None and status >= 500 else ApiError
    return ERROR_BY_CODE.get(code, family)
