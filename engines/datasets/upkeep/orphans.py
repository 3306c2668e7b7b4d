"""Remove recipes without an image, which a crash left between writing the recipe and the image."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from engines.datasets.recipes.recipe import Recipe
from engines.datasets.store.layout import classify, sidecar_key
from engines.errors import NotFound

if TYPE_CHECKING:
    from engines.datasets.store.store import UtcClock
    from engines.protocols import Storage
    from engines.types import ObjectStat

KEPT_FOR = timedelta(hours=1)
"""Younger recipes are kept, because their image may be about to be written."""


def sweep_orphans(storage: Storage, dataset: str, clock: UtcClock) -> int:
    """Remove recipes without an image in the folder `dataset` that are older than `KEPT_FOR`;
    returns their number. Other JSON files are kept. Takes as long as listing the folder."""
    removed = 0
    for stat in list(_without_image(storage, dataset)):
        if clock() - stat.modified_at > KEPT_FOR and _is_orphan(storage, stat.key):
            storage.delete(stat.key)
            removed += 1
    return removed


def _without_image(storage: Storage, dataset: str) -> Iterator[ObjectStat]:
    """Files that are named like a recipe and have no image with the same name. Keys are listed in
    order, and an image may come before its recipe ("x.jpeg", "x.json") or after it ("x.png")."""
    waiting: dict[str, ObjectStat] = {}
    others: set[str] = set()
    for stat in storage.list(dataset):
        name = stat.key[len(dataset) + 1 :]
        stem, kind = classify(name) or ("", None)
        if kind == "recipe" and "/" not in name and stem not in others:
            waiting[stem] = stat
        elif kind == "image" and waiting.pop(stem, None) is None:
            others.add(stem)
    yield from waiting.values()


def _is_orphan(storage: Storage, key: str) -> bool:
    """Whether the file is a recipe, and its image still does not exist."""
    try:
        recipe = Recipe.from_json(storage.read(key))
    except (NotFound, ValueError):
        return False
    if sidecar_key(f"{recipe.image_id}.png", ".json") != key.rpartition("/")[2]:
        return False
    try:
        storage.stat(sidecar_key(key, ".png"))
    except NotFound:
        return True
    return False
