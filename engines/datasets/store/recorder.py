"""The last step of a generation: the image and its recipe, stored whole or not at all."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from engines.datasets.marking import ImageMarks, NoMarks
from engines.datasets.recipes.png import PNG_PIXEL_HASH_KEYWORD, encode_with_recipe, pixel_sha256
from engines.datasets.recipes.recipe import Recipe, make_recipe
from engines.datasets.records.reading import PNG_RECIPE_KEYWORD
from engines.datasets.store.layout import image_key, sidecar_key
from engines.datasets.store.store import DatasetStore, UtcClock
from engines.errors import Conflict, InferloopError, NotFound
from engines.images import ImageLimits, decode
from engines.images.png_text import read_png_text
from engines.metrics.phash import phash64_with_mirror
from engines.types import StoredImage

if TYPE_CHECKING:
    from engines.types import GeneratedImage, GenerationRequest


class ImageRecorder:
    """Blocks on storage; share it between threads.

    The recipe goes first, then the image, with its recipe inside, then the index: no listing ever
    shows an image without the recipe beside it. A crash in between leaves a recipe of no image,
    which nobody lists, and which the repetition of the request completes.
    """

    def __init__(
        self,
        store: DatasetStore,
        library_versions: Mapping[str, str],
        clock: UtcClock | None = None,
        marks: ImageMarks | None = None,
    ) -> None:
        """`marks` None: images are not marked."""
        self._store = store
        self._storage = store.storage
        self._library_versions = dict(library_versions)
        self._clock = clock or store.clock
        self._marks = marks or NoMarks()

    def record(self, request: GenerationRequest, image: GeneratedImage) -> StoredImage:
        """Store the image under its id.

        A repetition of the same request (its replica died after storing) finds its own image
        and completes what is missing; pixels may differ a little then, where the first run
        shared its steps with other requests: the image that is there stays.

        Raises:
            Conflict: another image has this id.
            MarkingFailed: no mark could be put into the file; nothing is stored.
            InsufficientStorage: no room for the image or its recipe; nothing half is left.
            StorageFailed: S3 away; as before.
        """
        key = image_key(request.image_id, request.dataset)
        digest = pixel_sha256(image.pixels)
        recipe = make_recipe(request, image, digest, self._library_versions, self._clock())
        content = self._marks.created(key, encode_with_recipe(image.pixels, recipe), recipe)
        recipe = _of_file(recipe, content)
        hashes = phash64_with_mirror(image.pixels) if request.fingerprint else None
        is_first = self._put_recipe(key, recipe)
        try:
            stored = self._put_image(key, content, recipe, request)
            return replace(stored, hashes=hashes)
        except InferloopError:
            if is_first:  # of this call alone, and of no image of ours
                self._storage.delete(sidecar_key(key, ".json"))
            raise

    def stored(self, request: GenerationRequest) -> StoredImage | None:
        """The image that an earlier run of the same request stored, with what was missing
        beside it; None where there is none. Raises what `record` raises."""
        key = image_key(request.image_id, request.dataset)
        try:
            content = self._storage.read(key)
        except NotFound:
            return None
        found = self._found(key, content, _own_recipe(content, request, None, key))
        return replace(found, hashes=_hashes(content)) if request.fingerprint else found

    def _found(self, key: str, content: bytes, recipe: Recipe) -> StoredImage:
        """An image that is there already, with the recipe that is inside it."""
        recipe = _of_file(recipe, content)
        self._storage.replace(sidecar_key(key, ".json"), recipe.to_json())
        self._store.record_recipe(key, recipe)
        return _stored(key, recipe)

    def _put_recipe(self, key: str, recipe: Recipe) -> bool:
        """Write the recipe beside the image that comes next; whether nobody had written one. A
        recipe of no image is that of a try that died: this one takes its place."""
        beside = sidecar_key(key, ".json")
        try:
            self._storage.put_new(beside, recipe.to_json())
        except Conflict:
            if not self._is_there(key):
                self._storage.replace(beside, recipe.to_json())
            return False
        return True

    def _put_image(
        self, key: str, content: bytes, recipe: Recipe, request: GenerationRequest
    ) -> StoredImage:
        """The image, or the one that an earlier try stored."""
        try:
            self._storage.put_new(key, content)
        except Conflict:
            content = self._storage.read(key)
            own = _own_recipe(content, request, recipe.pixel_sha256, key)
            return self._found(key, content, own)
        self._store.record_recipe(key, recipe)
        return _stored(key, recipe)

    def _is_there(self, key: str) -> bool:
        try:
            self._storage.stat(key)
        except NotFound:
            return False
        return True


def _hashes(content: bytes) -> tuple[int, int]:
    """Perceptual hashes of a PNG of ours."""
    return phash64_with_mirror(decode(content, ImageLimits()).pixels)


def _of_file(recipe: Recipe, content: bytes) -> Recipe:
    """The recipe with what only the finished file tells."""
    sha256 = hashlib.sha256(content).hexdigest()
    return replace(recipe, file_sha256=sha256, size_bytes=len(content))


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
