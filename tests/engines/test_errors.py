"""Errors keep their attributes over pickling, which is how Ray carries them."""

from __future__ import annotations

import pickle

import pytest

from engines import errors


def every_error() -> list[errors.InferloopError]:
    fault = errors.Fault("width", 2048, "64 <= width <= 1024", "must be between 64 and 1024")
    other = errors.Fault("seed", -1, "0 <= seed", "must not be negative")
    return [
        errors.InferloopError("broken"),
        errors.InvalidParameters(fault, other),
        errors.InvalidPath(fault),
        errors.InvalidImage(fault),
        errors.UnsupportedMediaType.of("Content-Encoding", "gzip", "identity", "is not read"),
        errors.Unauthorized("no key"),
        errors.Forbidden("not yours"),
        errors.NotFound("image", "/data/generated/x.png"),
        errors.Conflict("written by somebody else"),
        errors.PayloadTooLarge(1000),
        errors.RateLimited("later", 3.5),
        errors.Overloaded("full", 2.0),
        errors.ReplicaLost("gone"),
        errors.RequestTimeout(20.0),
        errors.DeadlineExceeded(30.0),
        errors.Canceled("asked for"),
        errors.GenerationFailed("NaN"),
        errors.OutOfMemory("too big"),
        errors.StorageFailed("permission denied"),
        errors.InsufficientStorage("quota spent", "quota", 1000, 999),
        errors.MarkingFailed("the key service is away"),
        errors.StorageAway("the data root is not there"),
    ]


@pytest.mark.parametrize("error", every_error(), ids=lambda error: type(error).__name__)
def test_an_error_survives_pickling(error: errors.InferloopError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (again.message, again.details, again.retry_after_s, again.code, again.retryable) == (
        error.message,
        error.details,
        error.retry_after_s,
        error.code,
        error.retryable,
    )
    assert str(again) == error.message


def test_every_class_of_the_tree_is_covered_here() -> None:
    def below(cls: type[errors.InferloopError]) -> set[type[errors.InferloopError]]:
        return {cls}.union(*(below(sub) for sub in cls.__subclasses__()))

    public = {
        cls
        for cls in below(errors.InferloopError)
        if cls.__module__ == errors.__name__ and not cls.__name__.startswith("_")
    }
    assert public == {type(error) for error in every_error()}


def test_the_reference_example_word_for_word() -> None:
    error = errors.InvalidParameters.of(
        "width", 2048, "64 <= width <= 1024", "must be between 64 and 1024"
    )
    assert error.message == "Invalid parameter: width must be between 64 and 1024"
    assert error.details == {
        "parameter": "width",
        "value": 2048,
        "constraint": "64 <= width <= 1024",
    }


def test_every_fault_is_told_when_there_are_several() -> None:
    first = errors.Fault("width", 1, "64 <= width", "must be at least 64")
    second = errors.Fault("height", 1, "64 <= height", "must be at least 64")
    assert errors.InvalidParameters(first, second).details["errors"] == [
        first.as_details(),
        second.as_details(),
    ]
