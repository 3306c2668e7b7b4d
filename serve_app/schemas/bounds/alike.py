"""What depends only on how a config bounds requests is made once for all configs that bound them
alike."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from serve_app.config import ApiConfig

Made = TypeVar("Made")
_DECISIVE = {"bounds", "default_model_id", "model_defaults"}
"""Fields of the config that request models and routes depend on."""


def made_once(make: Callable[[ApiConfig], Made]) -> Callable[[ApiConfig], Made]:
    """Gives the same object for configs that bound requests alike. Making models and routes takes
    most of the time that an application needs to be made and to give its first answer."""
    made: dict[str, Made] = {}

    @wraps(make)
    def once(config: ApiConfig) -> Made:
        alike = config.model_dump_json(include=_DECISIVE)
        if alike not in made:
            made[alike] = make(config)
        return made[alike]

    return once
