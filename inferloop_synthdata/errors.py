"""All errors of the client, as a tree.

    ClientError
    ├── ConnectionFailed            no answer: refused, cut, or host not found
    │   └── RequestTimedOut         no data within the caller's `timeout_s`
    ├── UnexpectedAnswer            an answer that is not the API's (a proxy's page, cut JSON)
    └── ApiError                    the service refused or failed, in its error format
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
        └── ServerError             500 INTERNAL_ERROR, and every other status 5xx

A code that this version does not know is raised as `ApiError` (as `ServerError` from status 500).
No message contains the API key.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]


class ClientError(Exception):
    """Base class of all errors here. `str()` gives one line for people."""


class ConnectionFailed(ClientError):
    """No answer came. `request_sent` is False only if the server cannot have got the request."""

    def __init__(self, message: str, request_sent: bool) -> None:
        super().__init__(message, request_sent)
        self.message = message
        self.request_sent = request_sent

    def __str__(self) -> str:
        return self.message


class RequestTimedOut(ConnectionFailed):
    """No data came within `timeout_s`. The server may still be working."""


class UnexpectedAnswer(ClientError):
    """The answer is not as the API documents it: perhaps another server listens at `base_url`."""


class ApiError(ClientError):
    """The service refused or failed.

    `code` is for programs and does not change between versions; `message` is for people. `status`
    is the HTTP status; None if the error came over an open WebSocket, or after the answer had
    begun. `details` are more facts, by name. `retry_after_s`: after how many seconds to try again;
    None if the server did not say. With `request_id` the call is found in the server's log.
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
    """The request is wrong. `details` has the parameter, its value and the constraint."""


class Unauthorized(ApiError):
    """No API key, or a wrong one."""


class Forbidden(ApiError):
    """The key is valid, but may not do this."""


class NotFound(ApiError):
    """The image, profile, dataset, job or route does not exist."""


class Conflict(ApiError):
    """The object exists already, or another request is changing it."""


class PayloadTooLarge(ApiError):
    """The body is larger than the server accepts."""


class UnsupportedMediaType(ApiError):
    """The body is compressed, or of a type that the server does not read."""


class RateLimited(ApiError):
    """The key's rate limit is used up; nothing was run. The client retries."""


class Overloaded(ApiError):
    """The server is busy or starting; nothing was run. The client retries."""


class ReplicaLost(ApiError):
    """A process of the server died during the call. The client retries only if the call is
    repeatable."""


class DeadlineExceeded(ApiError):
    """The server stopped the work because it took too long."""


class RequestTimeout(ApiError):
    """The server did not receive the request in time; nothing was run."""


class InsufficientStorage(ApiError):
    """The server's disk or the key's storage quota is full. Reading and deleting still work."""


class StorageUnavailable(ApiError):
    """The server cannot reach its data root. Calls work again when it is back."""


class RequirementsNotMet(ApiError):
    """None of the images made met the requirements. `details` counts the reasons."""


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
"""Error code to its class."""


def error_class(code: str, status: int | None) -> type[ApiError]:
    """The class for `code`. For an unknown code: `ServerError` from status 500, else `ApiError`."""
    family = ServerError if status is not None and status >= 500 else ApiError
    return ERROR_BY_CODE.get(code, family)
