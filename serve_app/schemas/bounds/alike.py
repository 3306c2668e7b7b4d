"""Cache objects that depend only on the config's limits for requests."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from serve_app.config import ApiConfig

Made = TypeVar("Made")
_DECISIVE = {"bounds", "default_model_id", "model_defaults"}
"""Fields of the config that request models and routes depend on."""


def made_once(make: Callable[[ApiConfig], Made]) -> Callable[[ApiConfig], Made]:
    """A decorator that returns the same object for configs with equal limits for requests.

    Making models and routes takes most of an application's start-up time.
    """
    made: dict[str, Made] = {}

    @wraps(make)
    def once(config: ApiConfig) -> Made:
        alike = config.model_dump_json(include=_DECISIVE)
        if alike not in made:
            made[alike] = make(config)
        return made[alike]

    return once
