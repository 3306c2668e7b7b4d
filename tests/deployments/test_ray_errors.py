"""Ray's errors become the domain's, at one place."""

from __future__ import annotations

import pytest
from ray.exceptions import ActorDiedError, ActorUnavailableError, RayTaskError, TaskCancelledError
from ray.serve.exceptions import BackPressureError, RequestCancelledError

from deployments.ray_errors import translate
from engines.errors import (
    Canceled,
    GenerationFailed,
    InferloopError,
    InvalidParameters,
    Overloaded,
    ReplicaLost,
)


def wrapped(cause: Exception) -> RayTaskError:
    error: RayTaskError = RayTaskError("generate", "Traceback: secret", cause).as_instanceof_cause()
    return error


def test_a_domain_error_is_unwrapped_with_its_attributes() -> None:
    cause = InvalidParameters.of("width", 1, "64 <= width", "must be at least 64")
    found = translate(wrapped(cause))
    assert type(found) is InvalidParameters
    assert found.details == cause.details
    assert "Traceback" not in found.message


def test_a_bare_domain_error_stays_itself() -> None:
    error = GenerationFailed("NaN latents")
    assert translate(error) is error


@pytest.mark.parametrize("error", [ActorDiedError(), ActorUnavailableError("gone", None)])
def test_a_dead_actor_is_a_lost_replica(error: Exception) -> None:
    assert isinstance(translate(error), ReplicaLost)


def test_a_full_queue_is_overload_with_a_time_to_come_back() -> None:
    found = translate(BackPressureError(num_queued_requests=9, max_queued_requests=8))
    assert isinstance(found, Overloaded)
    assert found.retry_after_s is not None


@pytest.mark.parametrize("error", [TaskCancelledError(), RequestCancelledError("r1")])
def test_a_cancellation_is_one(error: Exception) -> None:
    assert isinstance(translate(error), Canceled)


def test_a_stranger_tells_nothing() -> None:
    found = translate(wrapped(RuntimeError("password=hunter2 at /etc/secret")))
    assert type(found) is InferloopError
    assert "hunter2" not in found.message
