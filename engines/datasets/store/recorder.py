"""Store a generated image and its recipe."""

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
    """Stores generated images. Blocks on storage. Threads may share it.

    First the recipe is written, then the image (with the recipe inside), then the index line, so
    that no image is listed without its recipe. A crash in between leaves a recipe without an image,
    which is not listed. A repeated request completes it.
    """

    def __init__(
        self,
        store: DatasetStore,
        library_versions: Mapping[str, str],
        clock: UtcClock | None = None,
        marks: ImageMarks | None = None,
    ) -> None:
        """`library_versions`: for the recipes. `marks`: None if images are not marked."""
        self._store = store
        self._storage = store.storage
        self._library_versions = dict(library_versions)
        self._clock = clock or store.clock
        self._marks = marks or NoMarks()

    def record(self, request: GenerationRequest, image: GeneratedImage) -> StoredImage:
        """Store the image under its id.

        If an earlier run stored an image of the same request, that image is kept, and missing files
        beside it are written. Its last bits may differ from those of `image`, because batching
        changes them.

        Raises:
            Conflict: another image has this id, or another dataset this name in another case.
            MarkingFailed: the file could not be marked; nothing is stored.
            InsufficientStorage: there is no room; nothing is stored.
            StorageFailed: the storage cannot be reached; nothing is stored.
        """
        key = image_key(request.image_id, request.dataset)
        self._store.begin(key)
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
            if is_first:  # this call wrote the recipe, and there is no image for it
                self._storage.delete(sidecar_key(key, ".json"))
            raise

    def stored(self, request: GenerationRequest) -> StoredImage | None:
        """The image that an earlier run of the same request stored; None if there is none. Writes
        missing files beside it. Raises as `record` does."""
        key = image_key(request.image_id, request.dataset)
        try:
            content = self._storage.read(key)
        except NotFound:
            return None
        found = self._found(key, content, _own_recipe(content, request, None, key))
        return replace(found, hashes=_hashes(content)) if request.fingerprint else found

    def _found(self, key: str, content: bytes, recipe: Recipe) -> StoredImage:
        """Complete the files of an image that exists already; `recipe` is the one inside it."""
        recipe = _of_file(recipe, content)
        self._storage.replace(sidecar_key(key, ".json"), recipe.to_json())
        self._store.record_recipe(key, recipe)
        return _stored(key, recipe)

    def _put_recipe(self, key: str, recipe: Recipe) -> bool:
        """Write the recipe before its image; returns whether there was none. A recipe without an
        image is of an attempt that crashed, and is replaced."""
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
        """Store the image; if an earlier attempt stored it, return that one."""
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
    """Perceptual hashes of the image and of its mirror image."""
    return phash64_with_mirror(decode(content, ImageLimits()).pixels)


def _of_file(recipe: Recipe, content: bytes) -> Recipe:
    """The recipe with the size and the SHA-256 of the finished file."""
    sha256 = hashlib.sha256(content).hexdigest()
    return replace(recipe, file_sha256=sha256, size_bytes=len(content))


def _own_recipe(content: bytes, request: GenerationRequest, digest: str | None, key: str) -> Recipe:
    """The recipe inside the existing image `content`, if it was made for this request or has the
    pixel digest `digest`. Raises `Conflict` otherwise."""
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
