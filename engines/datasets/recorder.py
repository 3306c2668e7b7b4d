"""The last step of a generation: the image and its recipe, stored whole or not at all."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from engines.datasets.layout import image_key, sidecar_key
from engines.datasets.recipe import Recipe, make_recipe
from engines.datasets.recipe_png import PNG_PIXEL_HASH_KEYWORD, encode_with_recipe, pixel_sha256
from engines.datasets.records.reading import PNG_RECIPE_KEYWORD
from engines.datasets.store import DatasetStore, UtcClock
from engines.errors import Conflict, InsufficientStorage, NotFound
from engines.images.png_text import read_png_text
from engines.types import StoredImage

if TYPE_CHECKING:
    from engines.types import GeneratedImage, GenerationRequest


class ImageRecorder:
    """Blocks on storage; share it between threads.

    The image goes first, with its recipe inside; then the recipe beside it; then the index. So
    a crash at any point leaves either nothing or an image that tells how it was made.
    """

    def __init__(
        self,
        store: DatasetStore,
        library_versions: Mapping[str, str],
        clock: UtcClock | None = None,
    ) -> None:
        self._store = store
        self._storage = store.storage
        self._library_versions = dict(library_versions)
        self._clock = clock or store.clock

    def record(self, request: GenerationRequest, image: GeneratedImage) -> StoredImage:
        """Store the image under its id.

        A repetition of the same request (its replica died after storing) finds its own image
        and completes what is missing; pixels may differ a little then, where the first run
        shared its steps with other requests: the image that is there stays.

        Raises:
            Conflict: another image has this id.
            InsufficientStorage: no room for the image or its recipe; nothing half is left.
            StorageFailed: S3 away; as before.
        """
        key = image_key(request.image_id, request.dataset)
        digest = pixel_sha256(image.pixels)
        now = self._clock()
        recipe = make_recipe(request, image, digest, self._library_versions, now)
        content = encode_with_recipe(image.pixels, recipe)
        try:
            self._storage.put_new(key, content)
            is_new = True
        except Conflict:
            is_new = False
            content = self._storage.read(key)
            recipe = _own_recipe(content, request, digest, key)
        return self._completed(key, content, recipe, is_new)

    def stored(self, request: GenerationRequest) -> StoredImage | None:
        """The image that an earlier run of the same request stored, with what was missing
        beside it; None where there is none. Raises what `record` raises."""
        key = image_key(request.image_id, request.dataset)
        try:
            content = self._storage.read(key)
        except NotFound:
            return None
        return self._completed(key, content, _own_recipe(content, request, None, key), False)

    def _completed(self, key: str, content: bytes, recipe: Recipe, is_new: bool) -> StoredImage:
        recipe = replace(
            recipe, file_sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content)
        )
        self._put_recipe(key, recipe, is_new)
        self._store.record_recipe(key, recipe)
        return _stored(key, recipe)

    def _put_recipe(self, key: str, recipe: Recipe, is_new: bool) -> None:
        """Beside the image; where there is no room, the image of this call goes too."""
        try:
            with suppress(Conflict):  # the repetition's sidecar is there already
                self._storage.put_new(sidecar_key(key, ".json"), recipe.to_json())
        except InsufficientStorage:
            if is_new:
                self._storage.delete(key)
            raise


def _own_recipe(content: bytes, request: GenerationRequest, digest: str | None, key: str) -> Recipe:
    """Recipe inside the existing image, if that was made for this request or has these pixels."""
    text = read_png_text(io.BytesIO(content))
    if PNG_RECIPE_KEYWORD in text:
        recipe = Recipe.from_json(text[PNG_RECIPE_KEYWORD].encode())
        if recipe.is_of(request) or text.get(PNG_PIXEL_HASH_KEYWORD) == digest:
            return recipe
    raise Conflict(f"Another image has this id: {key}")


def _stored(key: str, recipe: Recipe) -> StoredImage:
    return StoredImage(
        key=key,
        served_model=recipe.served_model,
        seed=recipe.parameters.seed,
        sha256=recipe.file_sha256 or "",
        size_bytes=recipe.size_bytes or 0,
        engine_s=recipe.engine_s,
    )
