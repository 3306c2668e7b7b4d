"""The schema in the words of Hugging Face `datasets` and of Arrow."""

from __future__ import annotations

import orjson
import pyarrow as pa

from engines.datasets.records.schema import Column
from engines.errors import JsonValue

_SCALARS = {"string": "string", "int64": "int64", "float64": "float64", "bool": "bool"}
_ARROW = {
    "string": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "strings": pa.list_(pa.string()),
    "json": pa.string(),
}


def hf_features(columns: tuple[Column, ...], json_as_text: bool) -> dict[str, JsonValue]:
    """Argument of `datasets.Features.from_dict`. `json_as_text`: open objects are strings (as in
    Parquet) instead of `Json` (as in JSONL; needs datasets 4.5 or later)."""
    return {column.name: _feature(column, json_as_text) for column in columns}


def _feature(column: Column, json_as_text: bool) -> JsonValue:
    if column.fields:
        return hf_features(column.fields, json_as_text)
    if column.type == "strings":
        return {"_type": "Sequence", "feature": {"_type": "Value", "dtype": "string"}}
    if column.type == "json" and not json_as_text:
        return {"_type": "Json"}
    return {"_type": "Value", "dtype": _SCALARS.get(column.type, "string")}


def arrow_schema(columns: tuple[Column, ...]) -> pa.Schema:
    """`image` {bytes, path} first, then the columns; carries the features, so that readers
    decode the image without being told."""
    image = pa.field("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
    features = {"image": {"_type": "Image"}, **hf_features(columns, json_as_text=True)}
    metadata = {"huggingface": orjson.dumps({"info": {"features": features}})}
    return pa.schema([image, *(arrow_field(column) for column in columns)], metadata=metadata)


def arrow_field(column: Column) -> pa.Field:
    """The Arrow field of one column."""
    if column.fields:
        return pa.field(column.name, pa.struct([arrow_field(field) for field in column.fields]))
    return pa.field(column.name, _ARROW[column.type])


def with_json_as_text(columns: tuple[Column, ...], record: dict[str, JsonValue]) -> None:
    """Turn the open objects of `record` into their JSON text, in place."""
    for column in columns:
        value = record.get(column.name)
        if value is None:
            continue
        if column.fields and isinstance(value, dict):
            with_json_as_text(column.fields, value)
        elif column.type == "json":
            record[column.name] = orjson.dumps(value).decode()
