"""Convert the record schema to types of Hugging Face `datasets` and of Arrow, in three
encodings."""

from __future__ import annotations

from typing import Literal

import orjson
import pyarrow as pa

from engines.datasets.records.schema import Column
from engines.errors import JsonValue

Encoding = Literal["objects", "typed", "text"]
"""How a record is written. "Open objects" are JSON objects without fixed fields.

objects  JSONL: open objects are JSON objects.
typed    Parquet, S3: structs have typed fields; open objects are written as JSON text. In Parquet
         a class is its number (see `with_class_numbers`).
text     WebDataset and folders of batch jobs: every value other than text, number and bool is
         written as JSON text, and missing text as "". Readers of these formats infer each column's
         type from the first records, so no value may be null, and all records must have the same
         types.
"""

_SCALARS = {"string": "string", "int64": "int64", "float64": "float64", "bool": "bool"}
_ARROW = {
    "string": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "strings": pa.list_(pa.string()),
    "json": pa.string(),
    "class": pa.int64(),
}


def hf_features(columns: tuple[Column, ...], encoding: Encoding) -> dict[str, JsonValue]:
    """The argument of `datasets.Features.from_dict`. The encoding "objects" uses `Json` features,
    which need `datasets` 4.5 or later."""
    return {column.name: _feature(column, encoding) for column in columns}


def _feature(column: Column, encoding: Encoding) -> JsonValue:
    if encoding != "text" and column.fields:
        return hf_features(column.fields, encoding)
    if encoding != "text" and column.type == "strings":
        return {"_type": "Sequence", "feature": {"_type": "Value", "dtype": "string"}}
    if column.type == "json" and encoding == "objects":
        return {"_type": "Json"}
    if column.type == "class" and encoding != "text":
        return {"_type": "ClassLabel", "names": list(column.classes)}
    return {"_type": "Value", "dtype": _SCALARS.get(column.type, "string")}


def card_features(columns: tuple[Column, ...], encoding: Encoding) -> list[JsonValue]:
    """The columns as `dataset_info.features` of a dataset card, which `load_dataset(folder)`
    uses."""
    return [_card_feature(column, encoding) for column in columns]


def _card_feature(column: Column, encoding: Encoding) -> JsonValue:
    if encoding != "text" and column.fields:
        return {"name": column.name, "struct": card_features(column.fields, encoding)}
    if encoding != "text" and column.type == "strings":
        return {"name": column.name, "list": "string"}
    if column.type == "json" and encoding == "objects":
        return {"name": column.name, "dtype": "json"}
    if column.type == "class" and encoding != "text":
        names: JsonValue = {str(n): value for n, value in enumerate(column.classes)}
        return {"name": column.name, "dtype": {"class_label": {"names": names}}}
    return {"name": column.name, "dtype": _SCALARS.get(column.type, "string")}


def arrow_schema(columns: tuple[Column, ...]) -> pa.Schema:
    """The Arrow schema: `image` {bytes, path}, then the columns. Its metadata has the `datasets`
    features, so that readers decode the image automatically."""
    image = pa.field("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
    features = {"image": {"_type": "Image"}, **hf_features(columns, "typed")}
    metadata = {"huggingface": orjson.dumps({"info": {"features": features}})}
    return pa.schema([image, *(arrow_field(column) for column in columns)], metadata=metadata)


def arrow_field(column: Column) -> pa.Field:
    """The Arrow field of one column."""
    if column.fields:
        return pa.field(column.name, pa.struct([arrow_field(field) for field in column.fields]))
    return pa.field(column.name, _ARROW[column.type])


def with_json_as_text(columns: tuple[Column, ...], record: dict[str, JsonValue]) -> None:
    """Encode a record as "typed": convert its open objects to JSON text, in place."""
    for column in columns:
        value = record.get(column.name)
        if value is None:
            continue
        if column.fields and isinstance(value, dict):
            with_json_as_text(column.fields, value)
        elif column.type == "json":
            record[column.name] = orjson.dumps(value).decode()


def with_class_numbers(columns: tuple[Column, ...], record: dict[str, JsonValue]) -> None:
    """Replace class names by class numbers, in place."""
    for column in columns:
        value = record.get(column.name)
        if column.type == "class" and value is not None:
            record[column.name] = column.classes.index(str(value))


def as_text(columns: tuple[Column, ...], record: dict[str, JsonValue]) -> bytes:
    """The record in the encoding "text": one JSON object, without a line end."""
    return orjson.dumps({c.name: _guessable(c, record.get(c.name)) for c in columns})


def _guessable(column: Column, value: JsonValue) -> JsonValue:
    if column.fields or column.type in ("json", "strings"):
        return orjson.dumps(value).decode()
    return "" if value is None and column.type in ("string", "class") else value
