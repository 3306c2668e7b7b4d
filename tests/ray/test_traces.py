"""One request as one trace, sent to a collector as a cluster sends it."""

from __future__ import annotations

import httpx
import pytest

from tests.ray.collector import Collector
from tests.ray.conftest import SMALL
from tests.waiting import SERVICE_PATIENCE_S, wait_for

pytestmark = [pytest.mark.ray, pytest.mark.timeout(1800)]


def test_a_request_is_one_trace_from_the_api_to_the_storage(
    http: httpx.Client, collector: Collector
) -> None:
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{trace_id}-b7ad6b7169203331-01"}
    assert http.post("/generate", json=SMALL, headers=headers).status_code == 200
    expected = {
        *("engine.queue", "engine.steps", "engine.decode_wait", "engine.decode", "storage.record"),
        "POST /api/v1/generate",
        "route_to_replica diffusion-default generate",
        "replica_handle_request diffusion-default generate",
    }
    wait_for(
        lambda: expected <= collector.names(trace_id),
        SERVICE_PATIENCE_S,
        said=lambda: collector.names(trace_id),
    )
