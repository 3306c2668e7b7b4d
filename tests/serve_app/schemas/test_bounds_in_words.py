"""How a number outside its bounds is told."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import Field, create_model

from serve_app.schemas.base import RequestModel
from tests.serve_app.schemas.test_request_schema import fault


@pytest.mark.parametrize(
    ("bounds", "reason", "constraint"),
    [
        ({"gt": 0}, "must be more than 0", "x > 0"),
        ({"lt": 5}, "must be less than 5", "x < 5"),
        ({"gt": 0, "lt": 5}, "must be more than 0 and less than 5", "0 < x < 5"),
        ({"gt": 0, "le": 5}, "must be more than 0 and at most 5", "0 < x <= 5"),
        ({"ge": 0, "lt": 5}, "must be at least 0 and less than 5", "0 <= x < 5"),
        ({"ge": 0, "le": 5}, "must be between 0 and 5", "0 <= x <= 5"),
        ({"ge": 0}, "must be at least 0", "x >= 0"),
        ({"le": 5}, "must be at most 5", "x <= 5"),
    ],
)
@pytest.mark.parametrize("value", [-1, 6])
def test_every_kind_of_bound_is_told(
    value: int, bounds: dict[str, Any], reason: str, constraint: str
) -> None:
    """Also for values whose names the client chooses, at any depth."""
    kind: Any = Annotated[float, Field(**bounds)]
    if len(bounds) == 1:  # only one of the values is outside
        value = -1 if bounds.keys() & {"gt", "ge"} else 6
    model = create_model("Body", __base__=RequestModel, x=(kind, ...))
    assert fault({"x": value}, model)[2:] == (constraint, reason)
    deep = create_model("Deep", __base__=RequestModel, m=(dict[str, list[dict[str, kind]]], ...))
    told = fault({"m": {"a": [{"b": value}]}}, deep)
    assert told[0] == "m.a[0].b"
    assert told[2:] == (constraint.replace("x", "m.a[0].b"), reason)
