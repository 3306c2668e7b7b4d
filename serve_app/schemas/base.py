"""Foundations of the wire models."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer, StringConstraints

from engines.types.frozen import FrozenModel
from serve_app.schemas.patterns import NAME_PATTERN, NO_NUL_PATTERN

Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
"""Name of a dataset, profile or adapter: safe as a file name on any storage."""

Text = Annotated[str, StringConstraints(pattern=NO_NUL_PATTERN)]

WirePath = Annotated[str, StringConstraints(min_length=0, max_length=4096)]
"""A path on the wire; `serve_app.paths` says what is allowed, always alike."""


def iso(moment: datetime) -> str:
    """As `WireTime` is written."""
    utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return utc.replace(tzinfo=None).isoformat() + "Z"


WireTime = Annotated[datetime, PlainSerializer(iso, return_type=str, when_used="json")]
"""UTC in ISO 8601 with a Z, as in the reference: 2025-05-15T14:30:00Z."""


class RequestModel(BaseModel):
    """Unknown fields refused, no coercion (a boolean is no integer, "512" is none), no NaN."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class ResponseModel(FrozenModel):
    """Closed too: an answer has the documented keys."""


class QueryModel(FrozenModel):
    """Parameters behind the `?`: unknown ones refused, numbers read from their text."""


class ErrorObject(ResponseModel):
    """What went wrong: `code` for programs, `message` for people, `details` to act on."""

    code: str
    message: str
    details: dict[str, object]


class ErrorEnvelope(ResponseModel):
    """Every error of the service."""

    error: ErrorObject


def absent(value: object) -> bool:
    """Whether a field is left out of the answer: where it is None."""
    return value is None
