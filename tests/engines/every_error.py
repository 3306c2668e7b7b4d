"""One error of every class, for tests that check all classes."""

from __future__ import annotations

from engines import errors

WIDTH = errors.Fault("width", 2048, "64 <= width <= 1024", "must be between 64 and 1024")
SEED = errors.Fault("seed", -1, "0 <= seed", "must not be negative")
EVERY_ERROR: tuple[errors.InferloopError, ...] = (
    errors.InferloopError("broken"),
    errors.InvalidParameters(WIDTH, SEED),
    errors.InvalidPath(WIDTH),
    errors.InvalidImage(WIDTH, SEED),
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
    errors.RequirementsNotMet(3, {"quality": 2, "privacy": 1}),
    errors.GenerationFailed("NaN"),
    errors.OutOfMemory("too big"),
    errors.StorageFailed("permission denied"),
    errors.InsufficientStorage("quota spent", "quota", 1000, 999),
    errors.MarkingFailed("the key service is away"),
    errors.StorageAway("the data root is not there"),
)
"""One error of each class. tests/engines/test_errors.py fails if a class is missing."""

WITHOUT_DETAILS = tuple(type(error) for error in EVERY_ERROR if not error.details)
"""Classes of errors without details."""


def class_name(error: errors.InferloopError) -> str:
    """The name of the error's class, as id of a test."""
    return type(error).__name__
