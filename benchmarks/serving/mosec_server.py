"""A compared server: mosec, whose HTTP server is written in Rust. Waiting requests form a batch."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from mosec import Server, Worker

from benchmarks.serving.batched_calls import MODEL_VARIABLE, PlainPipeline


class BatchedDiffusion(Worker):
    """One worker process. Requests of a batch with equal steps and guidance share a call."""

    def __init__(self) -> None:
        self._pipeline = PlainPipeline(os.environ[MODEL_VARIABLE])

    def forward(self, data: list[Mapping[str, Any]]) -> list[bytes]:
        """Returns the PNG files of the requests of a batch."""
        return self._pipeline.pictures(data)

    def serialize(self, data: bytes) -> bytes:
        """Returns the PNG file unchanged."""
        return data


if __name__ == "__main__":
    sys.argv += ["--address", "127.0.0.1", "--timeout", "600000"]  # milliseconds
    server = Server()
    server.append_worker(
        BatchedDiffusion, max_batch_size=8, max_wait_time=50, timeout=600, route="/generate"
    )
    server.run()
