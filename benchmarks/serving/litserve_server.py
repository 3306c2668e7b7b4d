"""A compared server: LitServe with request batching. Requests of a batch with equal steps and
guidance share a call of diffusers."""

# No `from __future__ import annotations`: LitServe reads the real types of `decode_request`.
import argparse
from typing import Any

import litserve
from fastapi import Response

from benchmarks.serving.batched_calls import PlainPipeline


class BatchedDiffusion(litserve.LitAPI):
    def __init__(self, model: str, **options: Any) -> None:
        super().__init__(**options)
        self._model = model

    def setup(self, device: str) -> None:
        self._pipeline = PlainPipeline(self._model)

    def decode_request(self, request: dict[str, Any]) -> dict[str, Any]:
        return request

    def predict(self, batch: list[dict[str, Any]]) -> list[bytes]:
        return self._pipeline.pictures(batch)

    def encode_response(self, output: bytes) -> Response:
        return Response(output, media_type="image/png")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--port", type=int, required=True)
    chosen = parser.parse_args()
    api = BatchedDiffusion(chosen.model, max_batch_size=8, batch_timeout=0.05, api_path="/generate")
    server = litserve.LitServer(api, accelerator="cpu", healthcheck_path="/readyz", timeout=600)
    server.run(host="127.0.0.1", port=chosen.port, generate_client_file=False, log_level="warning")
