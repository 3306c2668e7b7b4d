"""The baseline: diffusers behind FastAPI with a lock, one request at a time."""

from __future__ import annotations

import argparse
import asyncio
import io

import torch
import uvicorn
from diffusers import StableDiffusionPipeline
from fastapi import FastAPI, Response
from pydantic import BaseModel


class Request(BaseModel):
    prompt: str
    num_inference_steps: int
    guidance_scale: float
    seed: int
    width: int
    height: int


def app_over(model: str) -> FastAPI:
    pipeline = StableDiffusionPipeline.from_pretrained(model, torch_dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    app, lock = FastAPI(), asyncio.Lock()

    def generate(request: Request) -> bytes:
        image = pipeline(
            request.prompt,
            width=request.width,
            height=request.height,
            num_inference_steps=request.num_inference_steps,
            guidance_scale=request.guidance_scale,
            generator=torch.Generator("cpu").manual_seed(request.seed),
        ).images[0]
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        return buffer.getvalue()

    @app.post("/generate")
    async def answer(request: Request) -> Response:
        async with lock:
            content = await asyncio.to_thread(generate, request)
        return Response(content, media_type="image/png")

    @app.get("/readyz")
    async def ready() -> dict[str, str]:
        return {"status": "ready"}

    return app


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--port", type=int, required=True)
    chosen = parser.parse_args()
    uvicorn.run(app_over(chosen.model), host="127.0.0.1", port=chosen.port, log_level="warning")
