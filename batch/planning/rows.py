"""Rows of the input: their parameters, their ids, and the requests made from them."""

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
    """Parse an object that is given as JSON text, as in CSV files."""
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
    """The parameters that a row may set, with the limits of the API. None: not set."""

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
    """A row with its id. Either `parameters` or `fault` is set."""

    row_id: str
    """24 hex digits; also the image's file name."""
    index: int
    """Position in the input, from 0."""
    parameters: Mapping[str, JsonValue]
    kept: Mapping[str, JsonValue] = field(default_factory=dict)
    """The columns in `keep_columns`, for the metadata."""
    fault: str | None = None
    """Why the row is not valid; None if it is."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Labels of the row's image."""
        found = self.parameters.get("labels")
        return cast("dict[str, str]", found) if isinstance(found, dict) else {}

    def to_json(self) -> bytes:
        """The row as one line of JSON."""
        body = [self.row_id, self.index, self.parameters, self.kept, self.fault]
        return orjson.dumps(body) + b"\n"

    @classmethod
    def from_json(cls, line: bytes) -> PlannedRow:
        """Parse the result of `to_json`."""
        return cls(*orjson.loads(line))


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """A validated record of the input. The row's id is a hash of `content`."""

    parameters: Mapping[str, JsonValue]
    kept: Mapping[str, JsonValue]
    fault: str | None
    content: bytes


def parse_row(record: Mapping[str, object], keep_columns: frozenset[str]) -> ParsedRow:
    """Validate one record. Empty columns (None, NaN, "") count as not set."""
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
    """The record with columns such as `label_animal`, as in exports, moved to `labels`."""
    columns = {name: value for name, value in said.items() if name.startswith(PREFIX)}
    if not columns:
        return said
    rest = {name: value for name, value in said.items() if name not in columns}
    try:
        own = _from_text(rest.get("labels") or {})
    except ValueError:  # reported when the whole record is validated
        return rest
    single = {name.removeprefix(PREFIX): str(value) for name, value in columns.items()}
    return {**rest, "labels": {**own, **single} if isinstance(own, dict) else own}


def unreadable_row(raw: bytes, reason: str) -> ParsedRow:
    """The row for a record that cannot be parsed, such as a line that is not JSON."""
    return ParsedRow({}, {}, reason, b"unreadable\n" + raw)


def canonical(value: object) -> bytes:
    """JSON with sorted keys and without spaces, so that equal content gives equal bytes."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def make_row_id(content: bytes, occurrence: int) -> str:
    """The id of the row number `occurrence` (from 0) with this content: 96 bits of SHA-256, hex."""
    return hashlib.sha256(b"%d\n" % occurrence + content).hexdigest()[:24]


def derive_seed(row_id: str, base_seed: int, attempt: int) -> int:
    """The seed of a row's image number `attempt` (from 0): 53 bits of SHA-256."""
    digest = hashlib.sha256(f"{row_id}/{base_seed}/{attempt}".encode()).digest()
    return int.from_bytes(digest[:8], "big") & MAX_SEED


def make_request(row: PlannedRow, config: JobConfig, attempt: int) -> GenerationRequest:
    """The request for a row's image number `attempt` (from 0). Only attempt 0 uses the row's own
    seed, because the same seed would give the same image."""
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
    """The value as JSON; values of other types become text."""
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
