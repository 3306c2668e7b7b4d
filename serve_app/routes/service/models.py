"""`GET /models`."""

from __future__ import annotations

from fastapi import APIRouter

from serve_app.access.policy import requires
from serve_app.config import ApiConfig, ModelDefaults
from serve_app.context import InContext
from serve_app.routing import ApiRoute
from serve_app.schemas.service.models import (
    GenerationDefaults,
    GenerationLimits,
    ServedModel,
    ServedModels,
)

router = APIRouter(tags=["models"], route_class=ApiRoute)


@router.get("/models", dependencies=[requires(None, budget="read")])
async def list_models(context: InContext) -> ServedModels:
    """List the models with their defaults and adapters, and the limits of requests."""
    config = context.config
    names = sorted({config.default_model_id, *config.model_defaults})
    names.sort(key=lambda name: name != config.default_model_id)
    bounds = config.bounds
    limits = {name: getattr(bounds, name) for name in GenerationLimits.model_fields}
    return ServedModels(
        models=[_model(config, name) for name in names], limits=GenerationLimits(**limits)
    )


def _model(config: ApiConfig, name: str) -> ServedModel:
    own = config.model_defaults.get(name, ModelDefaults())
    return ServedModel(
        id=name,
        is_default=name == config.default_model_id,
        defaults=GenerationDefaults.of(own, config.bounds),
        loras=list(config.model_loras.get(name, ())),
    )
