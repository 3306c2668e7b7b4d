"""The peer: LitServe with request batching; a batch shares steps and guidance, as it must there."""

from __future__ import annotations

import argparse
import io
from typing import Any

import litserve
import torch
from diffusers import StableDiffusionPipeline
from fastapi import Response


class BatchedDiffusion(litserve.LitAPI):
    def __init__(self, model: str, **options: Any) -> None:
        super().__init__(**options)
        self._model = model

    def setup(self, device: str) -> None:
        self._pipeline = StableDiffusionPipeline.from_pretrained(
            self._model, torch_dtype=torch.float32
        )
        self._pipeline.set_progress_bar_config(disable=True)

    def decode_request(self, request: dict[str, Any]) -> dict[str, Any]:
        return request

    def predict(self, batch: list[dict[str, Any]]) -> list[Any]:
        """Requests of the batch that share their parameters go through one call each group."""
        groups: dict[tuple[Any, ...], list[int]] = {}
        for index, request in enumerate(batch):
            names = ("num_inference_steps", "guidance_scale", "width", "height")
            groups.setdefault(tuple(request[name] for name in names), []).append(index)
        images: list[Any] = [None] * len(batch)
        for (steps, guidance, width, height), indices in groups.items():
            made = self._pipeline(
                [batch[index]["prompt"] for index in indices],
                width=width,
                height=height,
                num_inference_steps=steps,
                guidance_scale=guidance,
                generator=[
                    torch.Generator("cpu").manual_seed(batch[index]["seed"]) for index in indices
                ],
            ).images
            for index, image in zip(indices, made, strict=True):
                images[index] = image
        return images

    def encode_response(self, output: Any) -> Response:
        buffer = io.BytesIO()
        output.save(buffer, "PNG")
        return Response(buffer.getvalue(), media_type="image/png")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--port", type=int, required=True)
    chosen = parser.parse_args()
    api = BatchedDiffusion(chosen.model, max_batch_size=8, batch_timeout=0.05, api_path="/generate")
    server = litserve.LitServer(api, accelerator="cpu", healthcheck_path="/readyz", timeout=600)
    server.run(host="127.0.0.1", port=chosen.port, generate_client_file=False, log_level="warning")
