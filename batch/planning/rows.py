"""A row of the input: its parameters, its stable id, and the request that it becomes."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, cast

import orjson
from pydantic import BeforeValidator, Field, ValidationError

from batch.config import JobConfig
from engines.datasets.records.label_columns import PREFIX
from engines.errors import JsonValue
from engines.types import GenerationRequest
from engines.types.datasets.labels import Labels, Metadata
from engines.types.frozen import FrozenModel
from engines.types.limits import MAX_PROMPT_CHARS, MAX_SEED, Guidance, Seed, Side, Speed, Steps

_SHOWN_CHARS = 80


def _no_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be a number, not a boolean")
    return value


def _not_blank(value: object) -> object:
    if isinstance(value, str) and not value.strip():
        raise ValueError("must not be blank")
    return value


def _from_text(value: object) -> object:
    """CSV has no objects: there one is written as JSON text."""
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        raise ValueError("must be a JSON object") from None


_NUMBER = BeforeValidator(_no_boolean)
Strength = Annotated[float, Field(ge=0, le=1), _NUMBER]
Prompt = Annotated[
    str, Field(min_length=1, max_length=MAX_PROMPT_CHARS), BeforeValidator(_not_blank)
]


class RowParameters(FrozenModel):
    """What a row may say: the contract's generation parameters, in its bounds. None: left out."""

    prompt: Prompt
    negative_prompt: Annotated[str, Field(max_length=MAX_PROMPT_CHARS)] | None = None
    model_id: str | None = None
    width: Annotated[Side, _NUMBER] | None = None
    height: Annotated[Side, _NUMBER] | None = None
    num_inference_steps: Annotated[Steps, _NUMBER] | None = None
    guidance_scale: Annotated[Guidance, _NUMBER] | None = None
    seed: Annotated[Seed, _NUMBER] | None = None
    profile: str | None = None
    profile_strength: Strength | None = None
    lora: str | None = None
    guidance_rescale: Strength | None = None
    speed: Speed | None = None
    labels: Annotated[Labels, BeforeValidator(_from_text)] | None = None
    metadata: Annotated[Metadata, BeforeValidator(_from_text)] | None = None


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """A row with its identity. Exactly one of `parameters` and `fault` says something."""

    row_id: str
    """24 hex digits; also the image's file name."""
    index: int
    """Position in the input, from 0."""
    parameters: Mapping[str, JsonValue]
    kept: Mapping[str, JsonValue] = field(default_factory=dict)
    """Columns that go into the metadata as they are."""
    fault: str | None = None
    """Why no image can be made of it."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Of its image."""
        found = self.parameters.get("labels")
        return cast("dict[str, str]", found) if isinstance(found, dict) else {}

    def to_json(self) -> bytes:
        """One line of a plan."""
        body = [self.row_id, self.index, self.parameters, self.kept, self.fault]
        return orjson.dumps(body) + b"\n"

    @classmethod
    def from_json(cls, line: bytes) -> PlannedRow:
        """The row that `to_json` wrote."""
        return cls(*orjson.loads(line))


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """A record of the input, checked. `content` is what the row's id is made of."""

    parameters: Mapping[str, JsonValue]
    kept: Mapping[str, JsonValue]
    fault: str | None
    content: bytes


def parse_row(record: Mapping[str, object], keep_columns: frozenset[str]) -> ParsedRow:
    """Check one record. Columns that are empty (None, NaN, "") count as left out."""
    given = {name: value for name, value in record.items() if not _is_empty(value)}
    kept = {name: _json(value) for name, value in given.items() if name in keep_columns}
    said = _with_labels({n: value for n, value in given.items() if n not in keep_columns})
    try:
        checked = RowParameters.model_validate(said)
        parameters: dict[str, JsonValue] = checked.model_dump(exclude_none=True)
        content = canonical({"parameters": parameters, "kept": kept})
        return ParsedRow(parameters, kept, None, content)
    except (ValidationError, TypeError) as error:
        raw = {str(_json(name)): _json(value) for name, value in said.items()}
        return ParsedRow({}, kept, _fault(error), canonical({"raw": raw, "kept": kept}))


def _with_labels(said: dict[str, object]) -> dict[str, object]:
    """Columns such as `label_animal`, which exports have, are labels."""
    columns = {name: value for name, value in said.items() if name.startswith(PREFIX)}
    if not columns:
        return said
    rest = {name: value for name, value in said.items() if name not in columns}
    try:
        own = _from_text(rest.get("labels") or {})
    except ValueError:  # a fault of this row, which is told where all of it is checked
        return rest
    single = {name.removeprefix(PREFIX): str(value) for name, value in columns.items()}
    return {**rest, "labels": {**own, **single} if isinstance(own, dict) else own}


def unreadable_row(raw: bytes, reason: str) -> ParsedRow:
    """A record that is not even a record (a line that is no JSON)."""
    return ParsedRow({}, {}, reason, b"unreadable\n" + raw)


def canonical(value: object) -> bytes:
    """JSON with sorted keys, no spaces; the same content gives the same bytes."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def make_row_id(content: bytes, occurrence: int) -> str:
    """Id of the `occurrence`-th row (from 0) with this content: 96 bits of SHA-256, hex."""
    return hashlib.sha256(b"%d\n" % occurrence + content).hexdigest()[:24]


def derive_seed(row_id: str, base_seed: int, attempt: int) -> int:
    """Seed of a row's image number `attempt` (from 0): 53 bits of SHA-256."""
    digest = hashlib.sha256(f"{row_id}/{base_seed}/{attempt}".encode()).digest()
    return int.from_bytes(digest[:8], "big") & MAX_SEED


def make_request(row: PlannedRow, config: JobConfig, attempt: int) -> GenerationRequest:
    """The request of image number `attempt` (from 0). Only the first may take the row's own seed:
    the same seed again would be the same image."""
    defaults = config.defaults.model_dump(exclude={"seed", "model_id"})
    chosen = {"model_id": config.model_id, **defaults, **row.parameters}
    if attempt > 0 or "seed" not in row.parameters:
        chosen["seed"] = derive_seed(row.row_id, config.defaults.seed, attempt)
    return GenerationRequest(
        image_id=row.row_id,
        dataset=config.name,
        deadline_s=config.tries.deadline_s,
        **chosen,
    )


def _is_empty(value: object) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _json(value: object) -> JsonValue:
    """As JSON; what JSON does not know becomes its text."""
    try:
        found: JsonValue = orjson.loads(orjson.dumps(value, default=str))
    except (orjson.JSONEncodeError, orjson.JSONDecodeError):
        return str(value).encode("utf-8", "replace").decode()
    return found


def _fault(error: ValidationError | TypeError) -> str:
    if isinstance(error, TypeError):
        return "invalid text: not valid Unicode"
    first = error.errors(include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "row"
    if first["type"] == "missing":
        return f"{where} is missing"
    if first["type"] == "extra_forbidden":
        return f"unknown column {where[:_SHOWN_CHARS]}"
    message = first["msg"].removeprefix("Value error, ")
    return f"{where}: {message[:1].lower()}{message[1:]}"
