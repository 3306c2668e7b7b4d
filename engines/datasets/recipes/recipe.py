"""The recipe of an image: how it was made. It is written into the image file and beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

import orjson

from engines.datasets.sidecars.moments import moment_of
from engines.errors import InvalidParameters

if TYPE_CHECKING:
    from engines.errors import JsonValue
    from engines.types import GeneratedImage, GenerationRequest

LABELED = b'"labels":{"'
"""Part of the JSON of every recipe with labels. It may also occur in the texts of other recipes."""
RECIPE_SCHEMA = "inferloop.recipe/1"


@dataclass(frozen=True, slots=True)
class RecipeParameters:
    """The parameters of the request, with the names and units of the API contract."""

    model_id: str
    width: int
    height: int
    num_inference_steps: int
    guidance_scale: float
    seed: int
    profile: str | None = None
    profile_strength: float | None = None
    lora: str | None = None
    guidance_rescale: float | None = None
    speed: str | None = None

    def as_dict(self) -> dict[str, JsonValue]:
        """Name to value, in order. Faster than `dataclasses.asdict`, which copies deeply."""
        return dict(zip(_PARAMETERS, _values_of(self), strict=True))


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that is needed to make an image again and to check that it is the same."""

    image_id: str
    prompt: str
    negative_prompt: str | None
    parameters: RecipeParameters
    served_model: str
    revision: str | None
    noise_scheduler: str
    created_at: datetime
    pixel_sha256: str
    """SHA-256, hex, of the RGB bytes in row order."""
    dataset: str | None = None
    safety: Mapping[str, JsonValue] = field(default_factory=dict)
    library_versions: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    guidance: Mapping[str, JsonValue] = field(default_factory=dict)
    """The "scale" and "rescale" that the model was run with; `parameters` has the requested
    ones."""
    watermark: Mapping[str, JsonValue] = field(default_factory=dict)
    """The invisible watermark: method, word, strength, agreeing_bits; empty without one."""
    speed: Mapping[str, JsonValue] = field(default_factory=dict)
    """The speed mode with the shortcuts it took; empty in recipes of older versions."""
    labels: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, JsonValue] = field(default_factory=dict)
    """The JSON that the client gave in the request."""
    engine_s: float = 0.0
    file_sha256: str | None = None
    """SHA-256, hex, of the file; None in the copy inside the file, which cannot contain its own
    hash."""
    size_bytes: int | None = None

    def to_json(self) -> bytes:
        """One line of UTF-8 JSON, `schema` first.

        Raises:
            InvalidParameters: text that is not valid Unicode (a lone surrogate).
        """
        try:
            return orjson.dumps({"schema": RECIPE_SCHEMA, **{n: getattr(self, n) for n in _NAMES}})
        except TypeError as error:
            reason = "must be valid Unicode"
            raise InvalidParameters.of("prompt", None, "UTF-8", reason) from error

    def is_of(self, request: GenerationRequest) -> bool:
        """Whether this recipe belongs to an image of exactly this request."""
        same = (self.image_id, self.prompt, self.negative_prompt, self.dataset)
        asked = (request.image_id, request.prompt, request.negative_prompt, request.dataset)
        told = (dict(self.labels), dict(self.metadata)) == (
            dict(request.labels),
            dict(request.metadata),
        )
        return same == asked and told and self.parameters == parameters_of(request)

    @classmethod
    def from_json(cls, content: bytes) -> Recipe:
        """Parse the result of `to_json`. Raises `ValueError` for anything else."""
        return cls.from_dict(orjson.loads(content))

    @classmethod
    def from_dict(cls, found: object) -> Recipe:
        """The recipe in parsed JSON; unknown fields, of later versions, are ignored. Raises
        `ValueError` if it is not a recipe, or a field has the wrong type."""
        recipe = cls.trusted(found)
        _check_types(recipe)
        return recipe

    @classmethod
    def trusted(cls, found: object) -> Recipe:
        """The recipe in parsed JSON, without checks of types. For files that only the service
        writes. Raises `ValueError` if it is not a recipe."""
        if not isinstance(found, dict) or found.get("schema") != RECIPE_SCHEMA:
            raise ValueError("not a recipe of ours")
        try:
            parameters = RecipeParameters(*_parameters(found["parameters"]))
            created_at = moment_of(found["created_at"])
            notes = tuple(found.get("notes", ()))
            changed = {"parameters": parameters, "created_at": created_at, "notes": notes}
            return cls(*_fields({**found, **changed}))
        except (KeyError, TypeError) as error:
            raise ValueError("recipe lacks a field") from error


_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "str | None": (str, type(None)),
    "int": (int,),
    "int | None": (int, type(None)),
    "float": (int, float),
    "float | None": (int, float, type(None)),
    "tuple[str, ...]": (tuple,),
    "Mapping[str, JsonValue]": (dict,),
    "Mapping[str, str]": (dict,),
}
"""Annotation of a field to the Python types that parsed JSON may have for it. `bool` does not count
as `int`."""
_MOST = 2**53
"""Integers from here on are not exact in JavaScript and in doubles."""


def _check_types(recipe: Recipe) -> None:
    """Raise `ValueError` unless every field has the type of its annotation."""
    for part in (recipe, recipe.parameters):
        for field_ in fields(part):
            value = getattr(part, field_.name)
            allowed = _TYPES.get(str(field_.type))
            if allowed is not None and type(value) not in allowed:
                raise ValueError(f"recipe has a wrong {field_.name}")
            if type(value) is int and abs(value) >= _MOST:
                raise ValueError(f"recipe has a wrong {field_.name}")
    if not all(isinstance(note, str) for note in recipe.notes):
        raise ValueError("recipe has wrong notes")
    if not all(isinstance(value, str) for value in recipe.labels.values()):
        raise ValueError("recipe has wrong labels")
    if recipe.file_sha256 is not None and len(recipe.file_sha256) != 64:
        raise ValueError("recipe has a wrong file_sha256")


_NAMES = tuple(f.name for f in fields(Recipe))
_PARAMETERS = tuple(f.name for f in fields(RecipeParameters))
_values_of = attrgetter(*_PARAMETERS)


def _getter(cls: type[Recipe | RecipeParameters]) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    """A function from parsed JSON to the positional arguments of `cls`.

    It raises `KeyError` if a field without default is missing. Several times faster than keyword
    arguments, which matters for exports of 100,000 images.
    """
    get = itemgetter(*(f.name for f in fields(cls)))
    defaults = {f.name: f.default for f in fields(cls) if f.default is not MISSING}
    defaults |= {
        f.name: f.default_factory() for f in fields(cls) if f.default_factory is not MISSING
    }

    def values(found: dict[str, Any]) -> tuple[Any, ...]:
        try:
            return get(found)
        except KeyError:  # The recipe was written by an earlier version.
            return get({**defaults, **found})

    return values


_fields, _parameters = _getter(Recipe), _getter(RecipeParameters)


def parameters_of(request: GenerationRequest) -> RecipeParameters:
    """The request's parameters in the form that recipes store."""
    return RecipeParameters(
        model_id=request.model_id,
        width=request.width,
        height=request.height,
        num_inference_steps=request.num_inference_steps,
        guidance_scale=request.guidance_scale,
        seed=request.seed,
        profile=request.profile,
        profile_strength=request.profile_strength if request.profile else None,
        lora=request.lora,
        guidance_rescale=request.guidance_rescale,
        speed=request.speed,
    )


def make_recipe(
    request: GenerationRequest,
    image: GeneratedImage,
    pixel_sha256: str,
    library_versions: Mapping[str, str],
    created_at: datetime,
) -> Recipe:
    """The recipe of a new image, before its file is written."""
    return Recipe(
        image_id=request.image_id,
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
        parameters=parameters_of(request),
        served_model=image.served_model,
        revision=image.revision,
        noise_scheduler=image.noise_scheduler,
        created_at=created_at,
        pixel_sha256=pixel_sha256,
        dataset=request.dataset,
        safety=dict(image.safety),
        library_versions=dict(library_versions),
        notes=image.notes,
        guidance=dict(image.guidance),
        watermark=dict(image.watermark),
        speed=dict(image.speed),
        labels=dict(request.labels),
        metadata=dict(request.metadata),
        engine_s=round(image.engine_s, 6),
    )
