"""Errors keep their attributes over pickling, which is how Ray carries them."""

from __future__ import annotations

import json
import pickle
import re

import pytest

from engines import errors
from tests.engines.every_error import EVERY_ERROR, class_name


@pytest.mark.parametrize("error", EVERY_ERROR, ids=class_name)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_error_survives_pickling(error: errors.InferloopError, protocol: int) -> None:
    again = pickle.loads(pickle.dumps(error, protocol))
    assert type(again) is type(error)
    assert (again.args, again.message, again.details) == (error.args, error.message, error.details)
    assert (again.retry_after_s, again.code, again.retryable) == (
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
    assert public == {type(error) for error in EVERY_ERROR}


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


def drawn_tree() -> dict[str, tuple[str, str | None]]:
    """Class to its parent's name and its code, as the module's docstring draws them."""
    found: dict[str, tuple[str, str | None]] = {}
    above: list[tuple[int, str]] = [(-1, "")]
    for line in (errors.__doc__ or "").splitlines():
        drawn = re.match(r"    ([ │├└─]*)([A-Z]\w+) *([A-Z]+_[A-Z_]+|[A-Z]{5,})?(?: |$)", line)
        if drawn is None:
            continue
        depth = len(drawn[1]) // 4
        while above[-1][0] >= depth:
            above.pop()
        found[drawn[2]] = (above[-1][1], drawn[3])
        above.append((depth, drawn[2]))
    return found


def test_the_tree_is_as_it_is_drawn() -> None:
    drawn = drawn_tree()
    assert drawn.keys() == {type(error).__name__ for error in EVERY_ERROR}
    for name, (parent, code) in drawn.items():
        cls = getattr(errors, name)
        if parent:
            public = [each.__name__ for each in cls.__mro__ if each.__name__[0] != "_"]
            assert public[1] == parent
            assert cls.code == (code or getattr(errors, parent).code), name


@pytest.mark.parametrize("error", EVERY_ERROR, ids=class_name)
def test_details_are_json_and_the_message_is_one_line_for_people(
    error: errors.InferloopError,
) -> None:
    assert json.loads(json.dumps(error.details)) == dict(error.details)
    assert error.message == error.message.strip()
    assert "\n" not in error.message
    assert error.code == error.code.upper()


def test_only_what_another_try_can_mend_is_retryable() -> None:
    retryable = {type(error).__name__ for error in EVERY_ERROR if error.retryable}
    assert retryable == {
        *("RateLimited", "Overloaded", "ReplicaLost", "RequestTimeout", "OutOfMemory"),
        *("MarkingFailed", "StorageAway"),
    }


def test_a_full_store_says_what_is_full() -> None:
    quota = errors.InsufficientStorage("quota spent", "quota", 1000, 999)
    assert quota.details == {"limit": "quota", "limit_bytes": 1000, "used_bytes": 999}
    disk = errors.InsufficientStorage("disk full", "free_space", 500, 20)
    assert disk.details == {"limit": "free_space", "limit_bytes": 500, "free_bytes": 20}
    assert "used_bytes" not in errors.InsufficientStorage("no room").details


def test_times_and_sizes_are_said_with_their_units() -> None:
    assert errors.DeadlineExceeded(30.0).message == "Not finished within 30 s"
    assert errors.PayloadTooLarge(1000).message == "Request body is larger than 1000 bytes"
    assert errors.RequestTimeout(2.5).message.endswith("within 2.5 s")
    assert errors.NotFound("image", "x.png").message == "Image not found: x.png"
