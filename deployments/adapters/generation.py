"""Implements `serve_app.services.Generation` with the handles of the pools."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping

from ray.serve.handle import DeploymentHandle

from deployments.adapters.remote import HandleAdapter, streamed
from deployments.config import PoolConfig
from engines.errors import InvalidParameters
from engines.types import GenerationEvent, GenerationRequest
from serve_app.services import Generation


class HandlePool(HandleAdapter):
    """One pool's deployment."""

    stream = streamed(Generation.stream, "generate")


class PooledGeneration:
    """Sends each request to the pool of its model, as the config lists them."""

    def __init__(
        self, pools: tuple[PoolConfig, ...], handles: Mapping[str, DeploymentHandle]
    ) -> None:
        self._pool_of: dict[str, HandlePool] = {}
        self._loras_of: dict[str, frozenset[str]] = {}
        for pool in pools:
            adapters = {m.id: frozenset(lora.name for lora in m.loras) for m in pool.engine.models}
            for asked, serving in pool.served_ids().items():
                self._pool_of[asked] = HandlePool(handles[pool.name])
                self._loras_of[asked] = adapters[serving]

    def check(self, request: GenerationRequest) -> None:
        if request.model_id not in self._pool_of:
            known = ", ".join(sorted(self._pool_of))
            raise InvalidParameters.of(
                "model_id", request.model_id, f"one of: {known}", f"must be one of: {known}"
            )
        loras = self._loras_of[request.model_id]
        if request.lora is not None and request.lora not in loras:
            known = ", ".join(sorted(loras)) or "none"
            raise InvalidParameters.of(
                "lora", request.lora, f"one of: {known}", f"must be one of: {known}"
            )

    def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent, None]:
        return self._pool_of[request.model_id].stream(request)
