"""A refused request is no error in the logs of a replica."""

from __future__ import annotations

import io
import logging

import pytest

from deployments.observing.refusals import leave_out_refusals
from engines.errors import Conflict, InferloopError, NotFound, StorageFailed


def logged(error: Exception) -> str:
    """What Serve's logger would write about a request that ends with `error`."""
    logger, output = logging.Logger("serve"), io.StringIO()
    logger.addHandler(logging.StreamHandler(output))
    leave_out_refusals(logger)
    leave_out_refusals(logger)
    assert len(logger.filters) == 1
    try:
        raise error
    except type(error):
        logger.exception("Request failed.")
    return output.getvalue()


@pytest.mark.parametrize("error", [NotFound("image", "a.png"), Conflict("It runs already")])
def test_a_refusal_is_not_logged(error: InferloopError) -> None:
    assert logged(error) == ""


@pytest.mark.parametrize("error", [StorageFailed("The disk failed"), ValueError("a fault of ours")])
def test_every_other_error_keeps_its_traceback(error: Exception) -> None:
    assert f"{error}" in logged(error)
    assert "Traceback" in logged(error)


def test_lines_without_an_exception_stay() -> None:
    logger, output = logging.Logger("serve"), io.StringIO()
    logger.addHandler(logging.StreamHandler(output))
    leave_out_refusals(logger)
    logger.error("Health check failed")
    assert output.getvalue() == "Health check failed\n"
