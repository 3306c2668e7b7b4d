"""A call of every REST endpoint: the client's method with its arguments, the request, the
answer."""

from __future__ import annotations

from tests.sdk.operations.data_calls import CALLS as DATA_CALLS
from tests.sdk.operations.image_calls import CALLS as IMAGE_CALLS

CALLS = [*IMAGE_CALLS, *DATA_CALLS]
