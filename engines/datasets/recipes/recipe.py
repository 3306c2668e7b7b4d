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
"""In the JSON of every recipe that has labels; a recipe without may hold it too, in its words."""
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
        """By name, in order; quicker than `dataclasses.asdict`, which copies deeply."""
        return dict(zip(_PARAMETERS, _values_of(self), strict=True))


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything needed to make the image again, and to tell that it is the same."""

    image_id: str
    prompt: str
    negative_prompt: str | None
    parameters: RecipeParameters
    served_model: str
    revision: str | None
    noise_scheduler: str
    created_at: datetime
    pixel_sha256: str
    """SHA-256, hex, of the RGB bytes row by row."""
    dataset: str | None = None
    safety: Mapping[str, JsonValue] = field(default_factory=dict)
    library_versions: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    guidance: Mapping[str, JsonValue] = field(default_factory=dict)
    """What the model was run with, "scale" and "rescale"; `parameters` has what was asked."""
    watermark: Mapping[str, JsonValue] = field(default_factory=dict)
    """Of the watermark in the pixels: method, word, strength, agreeing_bits; empty without one."""
    speed: Mapping[str, JsonValue] = field(default_factory=dict)
    """The mode, and what it left out; empty in recipes of before there were modes."""
    labels: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, JsonValue] = field(default_factory=dict)
    """As the caller gave them."""
    engine_s: float = 0.0
    file_sha256: str | None = None
    """SHA-256, hex, of the file; None inside the file, which cannot hold its own hash."""
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
        """Read back `to_json`; `ValueError` for anything else."""
        return cls.from_dict(orjson.loads(content))

    @classmethod
    def from_dict(cls, found: object) -> Recipe:
        """From parsed JSON; fields of later versions are left out, `ValueError` if it is none, or
        if a field is not of its type (somebody edited it)."""
        recipe = cls.trusted(found)
        _check_types(recipe)
        return recipe

    @classmethod
    def trusted(cls, found: object) -> Recipe:
        """The same without a look at the types: for what we wrote where nobody edits."""
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
"""By annotation, what JSON gives for it. `bool` is no `int` here."""
_MOST = 2**53
"""Whole numbers from here on are not the same everywhere (JavaScript, doubles)."""


def _check_types(recipe: Recipe) -> None:
    """Raise `ValueError` unless every field is what its annotation says."""
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
    """From parsed JSON to the positional arguments of `cls`; `KeyError` if one is missing that has
    no default. Several times as quick as keywords: exports do it for 100,000 images."""
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
