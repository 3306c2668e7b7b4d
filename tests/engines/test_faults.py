"""What a client is told of a fault: values for programs, one sentence for people."""

from __future__ import annotations

import json

import pytest

from engines.errors import Fault, InvalidImage, InvalidParameters, InvalidPath, JsonValue


@pytest.mark.parametrize("value", [None, True, 0, 1.5, "", "é", [], [1, [2]], {"a": {"b": None}}])
def test_the_details_of_a_fault_are_json_with_the_value_that_was_sent(value: JsonValue) -> None:
    details = Fault("width", value, "64 <= width", "must be at least 64").as_details()
    assert json.loads(json.dumps(details)) == details
    assert details == {"parameter": "width", "value": value, "constraint": "64 <= width"}


@pytest.mark.parametrize("kind", [InvalidParameters, InvalidPath, InvalidImage])
def test_the_first_of_several_faults_is_the_message(kind: type[InvalidParameters]) -> None:
    first, second = Fault("a", 1, "c", "is too small"), Fault("b", 2, "d", "is too large")
    error = kind(first, second)
    assert error.message == str(error) == "Invalid parameter: a is too small"
    assert error.faults == (first, second)
    assert error.details["parameter"] == "a"


@pytest.mark.parametrize("count", [1, 2, 5])
def test_several_faults_are_listed_and_one_alone_is_not(count: int) -> None:
    faults = [Fault(f"p{number}", number, "c", "is wrong") for number in range(count)]
    details = InvalidParameters(*faults).details
    listed = details.pop("errors", [])
    assert details == faults[0].as_details()
    assert listed == ([fault.as_details() for fault in faults] if count > 1 else [])
