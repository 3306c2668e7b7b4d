"""Keeps refused requests out of the error logs of Ray Serve.

Serve logs each exception of a replica as an error, with its traceback. A missing image or a wrong
parameter is no fault of the service: the caller gets its answer, and the access log has its status.
"""

from __future__ import annotations

import logging

from engines.errors import (
    Canceled,
    Conflict,
    Forbidden,
    InvalidParameters,
    NotFound,
    Overloaded,
    PayloadTooLarge,
    RequirementsNotMet,
)

SERVES_LOGGER = "ray.serve"
REFUSALS = (
    InvalidParameters,
    Forbidden,
    NotFound,
    Conflict,
    PayloadTooLarge,
    Overloaded,
    Canceled,
    RequirementsNotMet,
)
"""Errors that answer a request as they should."""


class WithoutRefusals(logging.Filter):
    """Drops the records whose exception is one of `REFUSALS`."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is kept."""
        return not (record.exc_info and isinstance(record.exc_info[1], REFUSALS))


def leave_out_refusals(logger: logging.Logger | None = None) -> None:
    """Add the filter to the logger (Serve's by default), once. A replica calls it when it is
    made."""
    logger = logger or logging.getLogger(SERVES_LOGGER)
    if not any(isinstance(each, WithoutRefusals) for each in logger.filters):
        logger.addFilter(WithoutRefusals())
