"""Combine the objects of an image (recipe, verdicts, review, description) to one record."""

from __future__ import annotations

import logging
from codecs import BOM_UTF8
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import orjson

from engines.datasets.recipes.recipe import Recipe
from engines.datasets.records.facts import FileFacts
from engines.datasets.sidecars.descriptions import Description
from engines.datasets.sidecars.reviews import KeptReview
from engines.datasets.sidecars.verdict import Verdict
from engines.datasets.store.copies import SOURCE_KEY
from engines.datasets.store.layout import description_key, sidecar_key
from engines.errors import NotFound
from engines.images.png_text import read_png_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engines.datasets.store.catalog import CatalogImage
    from engines.datasets.store.layout import FileKind, VerdictKind
    from engines.errors import JsonValue
    from engines.protocols import Storage
    from engines.types import ObjectStat
    from engines.types.datasets.looking import Review

Kept = TypeVar("Kept")
logger = logging.getLogger(__name__)
PNG_RECIPE_KEYWORD = "inferloop.recipe"
_MOST_COPIES = 8


class DatasetRecord(NamedTuple):
    """An image of a dataset with everything that is known without decoding it."""

    image_id: str
    """Path below the dataset without suffix; does not change."""
    name: str
    """Path below the dataset."""
    stat: ObjectStat
    recipe: Recipe | None
    """None for an image that was not generated here, and for every upload."""
    metadata: Mapping[str, JsonValue] | None
    """The JSON object in a file beside an image that was not generated here."""
    quality: Verdict | None
    privacy: Verdict | None
    sidecars: Mapping[FileKind, ObjectStat]
    """Objects beside the image: recipe, verdicts, review, description, annotations."""
    indexed: bool
    """Whether everything came from the index, so that no object was read."""
    facts: FileFacts | None = None
    """Facts that an earlier export read from this version of a file not generated here."""
    review: Review | None = None
    description: Description | None = None
    """The uploader's description; None for images that are not uploads."""

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels as they were requested, or as the owner gave them."""
        told = self.recipe or self.description
        return told.labels if told is not None else {}

    @property
    def prompt(self) -> str | None:
        """The prompt of a generated image, or the description of an uploaded one."""
        told = self.recipe or self.description
        return told.prompt if told is not None else None


def read_record(storage: Storage, image: CatalogImage) -> DatasetRecord:
    """The record of an image. Objects that the index lacks, or has in an old version, are read.
    Blocks."""
    description, description_read = _description(storage, image)
    recipe: Recipe | None = None
    metadata: Mapping[str, JsonValue] | None = None
    healed = description_read
    if description is None:
        recipe, metadata, healed = _made(storage, image)
    quality, quality_read = _verdict(storage, image, "quality")
    privacy, privacy_read = _verdict(storage, image, "privacy")
    review, review_read = _review(storage, image)
    return DatasetRecord(
        image_id=image.image_id,
        name=image.name,
        stat=image.stat,
        recipe=recipe,
        metadata=metadata,
        quality=quality,
        privacy=privacy,
        sidecars=image.sidecars,
        indexed=not (healed or quality_read or privacy_read or review_read),
        facts=_facts(image) if recipe is None else None,
        review=review,
        description=description,
    )


def _made(
    storage: Storage, image: CatalogImage
) -> tuple[Recipe | None, Mapping[str, JsonValue] | None, bool]:
    """The recipe or the JSON beside the image, and whether an object was read for it."""
    entry = image.entries.get("image")
    recipe = _indexed_recipe(entry.body) if entry else None
    if recipe is not None and recipe.size_bytes == image.stat.size_bytes:
        return recipe, None, False
    # The index has no line, or only one about a file that was replaced.
    return *_recover(storage, image), True


def recipe_of_png(storage: Storage, key: str) -> Recipe | None:
    """The recipe inside the PNG file, for images whose sidecar is missing."""
    with storage.open(key) as file:
        text = read_png_text(file).get(PNG_RECIPE_KEYWORD)
    return _parsed_recipe(text.encode()) if text else None


def prompt_of_image(storage: Storage, key: str) -> str | None:
    """The prompt of the image `key`: from its recipe, or, for an upload, from its description. None
    for other images. Blocks. Raises `NotFound`."""
    with suppress(NotFound, ValueError):
        return Description.from_dict(orjson.loads(storage.read(description_key(key)))).prompt
    try:
        beside = _parsed_recipe(storage.read(sidecar_key(key, ".json")))
    except NotFound:
        beside = None
    recipe = beside or recipe_of_png(storage, key)
    return recipe.prompt if recipe else None


def model_of_image(storage: Storage, key: str) -> str | None:
    """Id of the model that made the image `key`, or the original of the copy `key`: from the recipe
    that the service stored beside it. None without one. A recipe inside the file is not used:
    anybody can write it. Blocks."""
    for _ in range(_MOST_COPIES):
        try:
            beside = orjson.loads(storage.read(sidecar_key(key, ".json")))
            source = beside.get(SOURCE_KEY) if isinstance(beside, dict) else None
            if not isinstance(source, str):
                return Recipe.from_dict(beside).served_model
        except (NotFound, ValueError):
            return None
        key = source
    return None


def _recover(
    storage: Storage, image: CatalogImage
) -> tuple[Recipe | None, Mapping[str, JsonValue] | None]:
    sidecar = image.sidecars.get("recipe")
    metadata: Mapping[str, JsonValue] | None = None
    if sidecar is not None:
        found = _read_json(storage, sidecar.key)
        try:
            recipe = Recipe.from_dict(found)
        except ValueError:
            metadata = found if isinstance(found, dict) else None
        else:
            if image.shared:
                return None, None  # This is the recipe of the PNG beside it.
            if recipe.size_bytes != image.stat.size_bytes:
                recipe = replace(recipe, file_sha256=None, size_bytes=None)
            return recipe, None
    try:
        return recipe_of_png(storage, image.stat.key), metadata
    except NotFound:  # The image was deleted after it was listed.
        return None, metadata


def _facts(image: CatalogImage) -> FileFacts | None:
    """The facts in the index, if they are about the present version of the file."""
    entry = image.entries.get("facts")
    if entry is None or entry.etag != image.stat.etag:
        return None
    try:
        return FileFacts(**orjson.loads(entry.body))
    except (ValueError, TypeError):
        return None


def _indexed_recipe(body: bytes) -> Recipe | None:
    try:
        return Recipe.trusted(orjson.loads(body))
    except ValueError:
        return None


def _parsed_recipe(body: bytes) -> Recipe | None:
    """The recipe; None if the text is not the JSON of a recipe."""
    try:
        return Recipe.from_json(body)
    except ValueError:
        return None


def _verdict(
    storage: Storage, image: CatalogImage, kind: VerdictKind
) -> tuple[Verdict | None, bool]:
    """The verdict, and whether it had to be read."""
    verdict, was_read = _beside(storage, image, kind, Verdict.from_dict)
    judged = image.name.rpartition("/")[2]
    return (verdict if verdict and verdict.file_name == judged else None), was_read


def _review(storage: Storage, image: CatalogImage) -> tuple[Review | None, bool]:
    """The review, and whether it had to be read."""
    kept, was_read = _beside(storage, image, "review", KeptReview.from_dict)
    reviewed = image.name.rpartition("/")[2]
    return (kept.review if kept and kept.file_name == reviewed else None), was_read


def _description(storage: Storage, image: CatalogImage) -> tuple[Description | None, bool]:
    """The description, and whether it had to be read."""
    said, was_read = _beside(storage, image, "description", Description.from_dict)
    described = image.name.rpartition("/")[2]
    return (said if said and said.file_name == described else None), was_read


def _beside(
    storage: Storage, image: CatalogImage, kind: FileKind, parse: Callable[[object], Kept]
) -> tuple[Kept | None, bool]:
    """The parsed object of this kind beside the image, and whether it was read.

    If the index has the present version of the object, it need not be read.
    """
    stat = image.sidecars.get(kind)
    if stat is None:
        return None, False
    entry = image.entries.get(kind)
    if entry is not None and entry.etag == stat.etag:
        with suppress(ValueError):
            return parse(orjson.loads(entry.body)), False
    try:
        return parse(_read_json(storage, stat.key)), True
    except ValueError:
        logger.warning("sidecar is not a valid %s", kind, extra={"key": stat.key})
        return None, False


def _read_json(storage: Storage, key: str) -> object:
    """The parsed content; None if it is not JSON or was deleted meanwhile."""
    try:
        return orjson.loads(storage.read(key).removeprefix(BOM_UTF8))
    except orjson.JSONDecodeError:
        logger.warning("sidecar is not JSON", extra={"key": key})
    except NotFound:
        logger.info("sidecar was deleted after it was listed", extra={"key": key})
    return None
