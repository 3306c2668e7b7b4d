"""Base classes and common types of the API's models."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer, StringConstraints

from engines.types.frozen import FrozenModel
from engines.types.limits import NAME_PATTERN
from serve_app.schemas.patterns import NO_NUL_PATTERN

Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
"""Name of a dataset, profile or adapter; valid as a file name in any storage."""

Text = Annotated[str, StringConstraints(pattern=NO_NUL_PATTERN)]

WirePath = Annotated[str, StringConstraints(min_length=0, max_length=4096)]
"""A path in a request or answer. `serve_app.paths` checks which paths are allowed."""


def iso(moment: datetime) -> str:
    """The moment as text, in the format of `WireTime`."""
    utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return utc.replace(tzinfo=None).isoformat() + "Z"


WireTime = Annotated[datetime, PlainSerializer(iso, return_type=str, when_used="json")]
"""A time, written as ISO 8601 in UTC with a Z: 2025-05-15T14:30:00Z."""


class RequestModel(BaseModel):
    """Base of request bodies. Refuses unknown fields and NaN, and does not convert types: a boolean
    or "512" is not an integer."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class ResponseModel(FrozenModel):
    """Base of answers. Has only the documented fields."""


class QueryModel(FrozenModel):
    """Base of query parameters. Refuses unknown ones; numbers are parsed from text."""


class ErrorObject(ResponseModel):
    """An error: `code` for programs, `message` for people, `details` with more facts."""

    code: str
    message: str
    details: dict[str, object]


class ErrorEnvelope(ResponseModel):
    """The body of all error answers."""

    error: ErrorObject


def absent(value: object) -> bool:
    """Whether a field is left out of the answer because it is None."""
    return value is None
