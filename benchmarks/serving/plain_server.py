"""The baseline: diffusers behind FastAPI with a lock, one request at a time."""

import argparse
import asyncio

import uvicorn
from fastapi import FastAPI, Response
from pydantic import BaseModel

from benchmarks.serving.batched_calls import PlainPipeline


class Request(BaseModel):
    prompt: str
    num_inference_steps: int
    guidance_scale: float
    seed: int
    width: int
    height: int


def app_over(model: str) -> FastAPI:
    pipeline = PlainPipeline(model)
    app, lock = FastAPI(), asyncio.Lock()

    @app.post("/generate")
    async def answer(request: Request) -> Response:
        async with lock:
            (content,) = await asyncio.to_thread(pipeline.pictures, [request.model_dump()])
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
