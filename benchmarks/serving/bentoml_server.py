"""A compared server: BentoML with adaptive batching. Its dependencies conflict with Ray's, so it
runs in its own environment (`benchmarks.serving.peers`).
"""

# No `from __future__ import annotations`: BentoML reads the real types of an API's arguments.
import base64
import os
from typing import Any

import bentoml

from benchmarks.serving.batched_calls import MODEL_VARIABLE, PlainPipeline


@bentoml.service(name="diffusion", workers=1, traffic={"timeout": 600})
class BatchedDiffusion:
    def __init__(self) -> None:
        self._pipeline = PlainPipeline(os.environ[MODEL_VARIABLE])

    @bentoml.api(
        route="/generate", batchable=True, batch_dim=0, max_batch_size=8, max_latency_ms=600_000
    )
    def generate(self, requests: list[dict[str, Any]]) -> list[str]:
        made = self._pipeline.pictures(requests)
        return [base64.b64encode(each).decode("ascii") for each in made]
