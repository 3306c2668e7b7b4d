"""Ray's errors, translated to the errors of `engines.errors`, for the service.

(`batch.making.checkers` does the same for the actors of a job.)
"""

from __future__ import annotations

from ray.exceptions import RayActorError, RayError, RayTaskError, TaskCancelledError
from ray.serve.exceptions import (
    BackPressureError,
    DeploymentUnavailableError,
    RequestCancelledError,
)

from engines.errors import Canceled, InferloopError, Overloaded, ReplicaLost


def translate(error: BaseException) -> InferloopError:
    """The `InferloopError` that `error` contains or corresponds to. Never raises.

    An error of another actor arrives inside a `RayTaskError`. The `str` of that is the remote
    traceback; its `cause` is the original error.
    """
    if isinstance(error, RayTaskError):
        cause = getattr(error, "cause", None)
        return translate(cause) if isinstance(cause, BaseException) else InferloopError()
    if isinstance(error, InferloopError):
        return error
    if isinstance(error, BackPressureError | DeploymentUnavailableError):
        return Overloaded("The service is at capacity", 2.0)
    if isinstance(error, RequestCancelledError | TaskCancelledError):
        return Canceled("The request was canceled")
    if isinstance(error, RayActorError):
        return ReplicaLost("The replica died while it worked on the request")
    if isinstance(error, RayError):
        return InferloopError("The cluster failed on this request")
    return InferloopError("Internal error")
