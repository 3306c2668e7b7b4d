"""Errors as callers meet them: caught by their class, told in words, carried anywhere."""

from __future__ import annotations

import copy
import json
import traceback

import pytest

from engines import errors
from engines.errors import (
    Canceled,
    Conflict,
    DeadlineExceeded,
    Details,
    Fault,
    GenerationFailed,
    InferloopError,
    InsufficientStorage,
    InvalidImage,
    InvalidParameters,
    InvalidPath,
    NotFound,
    OutOfMemory,
    Overloaded,
    PayloadTooLarge,
    RateLimited,
    RequestTimeout,
    RequirementsNotMet,
    StorageAway,
    StorageFailed,
    UnsupportedMediaType,
)
from tests.engines.every_error import (
    EVERY_ERROR,
    SEED,
    WIDTH,
    WITHOUT_DETAILS,
    class_name,
)

# Who catches what


@pytest.mark.parametrize(
    ("error", "caught"),
    [
        (InvalidPath, InvalidParameters),
        (InvalidImage, InvalidParameters),
        (UnsupportedMediaType, InvalidParameters),
        (OutOfMemory, GenerationFailed),
        (StorageAway, StorageFailed),
        (InsufficientStorage, StorageFailed),
        *((type(each), InferloopError) for each in EVERY_ERROR),
        (InferloopError, Exception),
    ],
)
def test_a_caller_catches_the_kind(error: type, caught: type) -> None:
    assert issubclass(error, caught)


@pytest.mark.parametrize("error", [Conflict, NotFound, StorageFailed, RateLimited])
def test_no_error_of_one_kind_is_caught_as_another(error: type) -> None:
    others = {InvalidParameters, Overloaded, GenerationFailed, Canceled, DeadlineExceeded}
    assert not any(issubclass(error, each) for each in others)


def test_no_error_is_one_of_pythons_own() -> None:
    """`except ValueError` in a library must not swallow an answer of ours."""
    for error in vars(errors).values():
        if isinstance(error, type) and issubclass(error, InferloopError):
            own = (ValueError, OSError, RuntimeError, LookupError, TypeError)
            assert not issubclass(error, own), error


# Words


@pytest.mark.parametrize("error", WITHOUT_DETAILS)
@pytest.mark.parametrize("words", ["gone", "", "ä 狐 🦊", "100 % {x} %s", "x" * 5000])
def test_the_words_are_the_message(error: type[InferloopError], words: str) -> None:
    raised = error(words)
    assert (raised.message, str(raised)) == (words, words)
    assert raised.details == {}
    assert raised.retry_after_s is None


@pytest.mark.parametrize("error", WITHOUT_DETAILS)
def test_an_error_without_words_has_some(error: type[InferloopError]) -> None:
    assert error().message == str(error()) == "Internal error"


def test_words_that_are_no_text_become_text() -> None:
    assert Conflict(17).message == "17"


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("image", "Image not found: x"),
        ("dataset", "Dataset not found: x"),
        ("images under folder", "Images under folder not found: x"),
        ("S3 bucket", "S3 bucket not found: x"),
        ("", " not found: x"),
    ],
)
def test_what_is_not_there_is_named_with_its_kind(kind: str, message: str) -> None:
    error = NotFound(kind, "x")
    assert error.message == message
    assert error.details == {"resource": kind, "name": "x"}


@pytest.mark.parametrize(
    ("seconds", "words"), [(30.0, "30"), (0.5, "0.5"), (1e-3, "0.001"), (3600, "3600"), (0, "0")]
)
def test_a_time_limit_is_told_without_a_tail_of_zeros(seconds: float, words: str) -> None:
    assert DeadlineExceeded(seconds).message == f"Not finished within {words} s"
    late = RequestTimeout(seconds)
    assert late.message == f"The request was not received within {words} s"
    assert late.details == {"deadline_s": seconds}


@pytest.mark.parametrize("limit_bytes", [0, 1, 2**40])
def test_a_size_limit_is_told_to_the_byte(limit_bytes: int) -> None:
    error = PayloadTooLarge(limit_bytes)
    assert error.message == f"Request body is larger than {limit_bytes} bytes"
    assert error.details == {"limit_bytes": limit_bytes}


@pytest.mark.parametrize("error", [RateLimited, Overloaded])
@pytest.mark.parametrize("seconds", [0, 1, 2.5, 86_400])
def test_who_may_come_back_hears_when(error: type[InferloopError], seconds: float) -> None:
    raised = error("later", seconds)
    assert raised.retry_after_s == seconds
    assert isinstance(raised.retry_after_s, float)
    assert raised.details == {"retry_after_s": float(seconds)}
    assert raised.retryable


def test_requirements_that_were_missed_are_counted_by_name() -> None:
    missed = {"quality": 2, "privacy": 1}
    error = RequirementsNotMet(3, missed)
    assert error.message == (
        "No image met the requirements in 3 tries: missed quality 2 times, privacy 1 times"
    )
    assert error.details == {"tries": 3, "missed": missed}


def test_details_are_a_copy_that_nobody_can_change() -> None:
    missed = {"quality": 2}
    error = RequirementsNotMet(3, missed)
    told = error.details["missed"]
    assert isinstance(told, dict)
    told["quality"] = 99
    assert error.details["missed"] == missed == {"quality": 2}


@pytest.mark.parametrize(
    ("given", "details"),
    [
        (("x",), {"limit": "file_system"}),
        (("x", "quota", 10, 9), {"limit": "quota", "limit_bytes": 10, "used_bytes": 9}),
        (("x", "quota", 10), {"limit": "quota", "limit_bytes": 10}),
        (("x", "free_space", 10, 0), {"limit": "free_space", "limit_bytes": 10, "free_bytes": 0}),
        (("x", "file_system", None, 7), {"limit": "file_system", "used_bytes": 7}),
    ],
)
def test_a_full_store_tells_what_is_known(
    given: tuple[str, errors.StorageLimit, int, int], details: Details
) -> None:
    error = InsufficientStorage(*given)
    assert error.details == details
    assert error.message == "x"


# Faults


def test_a_fault_tells_what_where_and_what_must_be() -> None:
    assert WIDTH.as_details() == {
        "parameter": "width",
        "value": 2048,
        "constraint": "64 <= width <= 1024",
    }


@pytest.mark.parametrize("kind", [InvalidParameters, InvalidPath, InvalidImage])
def test_a_single_fault_makes_an_error_of_the_kind_that_was_asked(
    kind: type[InvalidParameters],
) -> None:
    error = kind.of("width", 1, "64 <= width", "must be at least 64")
    assert type(error) is kind
    assert error.faults == (Fault("width", 1, "64 <= width", "must be at least 64"),)
    assert "errors" not in error.details


def test_the_first_fault_is_the_gravest_and_all_are_told() -> None:
    error = InvalidParameters(WIDTH, SEED)
    assert error.message == "Invalid parameter: width must be between 64 and 1024"
    assert error.details["parameter"] == "width"
    assert error.details["errors"] == [WIDTH.as_details(), SEED.as_details()]


@pytest.mark.parametrize("value", [None, True, 0, -1.5, "ä 🦊", [1, [2]], {"a": {"b": None}}])
def test_a_refused_value_is_shown_as_it_was_sent(value: errors.JsonValue) -> None:
    error = InvalidParameters.of("x", value, "y", "z")
    assert json.loads(json.dumps(error.details))["value"] == value


def test_a_fault_never_changes() -> None:
    with pytest.raises(AttributeError):
        WIDTH.value = 64  # type: ignore[misc]
    assert copy.deepcopy(WIDTH) == WIDTH
    assert len({WIDTH, copy.copy(WIDTH)}) == 1


# On their way


@pytest.mark.parametrize("error", EVERY_ERROR, ids=class_name)
def test_an_error_can_be_copied(error: InferloopError) -> None:
    for again in (copy.copy(error), copy.deepcopy(error)):
        assert (type(again), again.details) == (type(error), error.details)


def test_what_caused_it_is_for_logs_and_not_for_its_words() -> None:
    try:
        try:
            raise OSError("/home/rosa/secret")
        except OSError as cause:
            raise StorageFailed("The data root cannot be read") from cause
    except StorageFailed as error:
        told = f"{error.message} {error.details} {error!s}"
        logged = "".join(traceback.format_exception(error))
    assert "rosa" not in told
    assert "rosa" in logged


def test_codes_are_words_that_programs_can_rely_on() -> None:
    codes = {
        each.code
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, InferloopError)
    }
    assert codes >= {"INTERNAL_ERROR", "NOT_FOUND", "CONFLICT", "OVERLOADED", "CANCELED"}
    assert all(code.replace("_", "").isalpha() and code.isupper() for code in codes)
