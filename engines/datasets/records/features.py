"""The schema in the words of Hugging Face `datasets` and of Arrow, in the three encodings that
the formats use."""

from __future__ import annotations

from typing import Literal

import orjson
import pyarrow as pa

from engines.datasets.records.schema import Column
from engines.errors import JsonValue

Encoding = Literal["objects", "typed", "text"]
"""How a record is written:

objects  JSONL: open objects are objects.
typed    Parquet, S3: structs have typed fields, open objects are their JSON text. In Parquet
         a class is its number (see `with_class_numbers`).
text     WebDataset and folders of batch jobs: what is not text, number or bool is JSON text, and
         missing text is "". Their readers guess each column's type from the first few records, so
         nothing may be null there, and no type may depend on the record.
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
    """Argument of `datasets.Features.from_dict`. "objects" needs `Json` features, which `datasets`
    has from 4.5 on."""
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
    """The same as `dataset_info.features` of a dataset card, which `load_dataset(folder)` obeys."""
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
    """`image` {bytes, path} first, then the columns; carries the features, so that readers
    decode the image without being told."""
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
    """The "typed" encoding: turn the open objects of `record` into their JSON text, in place."""
    for column in columns:
        value = record.get(column.name)
        if value is None:
            continue
        if column.fields and isinstance(value, dict):
            with_json_as_text(column.fields, value)
        elif column.type == "json":
            record[column.name] = orjson.dumps(value).decode()


def with_class_numbers(columns: tuple[Column, ...], record: dict[str, JsonValue]) -> None:
    """Turn classes into their numbers, in place."""
    for column in columns:
        value = record.get(column.name)
        if column.type == "class" and value is not None:
            record[column.name] = column.classes.index(str(value))


def as_text(columns: tuple[Column, ...], record: dict[str, JsonValue]) -> bytes:
    """The "text" encoding of `record`: one JSON object, without a line end."""
    return orjson.dumps({c.name: _guessable(c, record.get(c.name)) for c in columns})


def _guessable(column: Column, value: JsonValue) -> JsonValue:
    if column.fields or column.type in ("json", "strings"):
        return orjson.dumps(value).decode()
    return "" if value is None and column.type in ("string", "class") else value
