"""Croissant 1.1 (MLCommons): a description of the export in JSON-LD for dataset tools. The part
about responsible use is in `engines.datasets.cards.rai`.

https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import orjson

from engines.datasets.cards.rai import RAI_CONFORMS_TO, responsible_use
from engines.datasets.records.schema import Column, ValueType, leaves

if TYPE_CHECKING:
    from engines.datasets.cards.card import CardFacts
    from engines.datasets.writers.model import WrittenFile
    from engines.errors import JsonValue

_CONTEXT: dict[str, JsonValue] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
_PARQUET = "application/x-parquet"
_TABLES = (_PARQUET, "application/jsonlines", "text/csv")
_AS_TEXT: Mapping[ValueType, ValueType] = {
    "json": "string",
    "strings": "string",
    "class": "string",
}
_TYPES = {"int64": "sc:Integer", "float64": "sc:Float", "bool": "sc:Boolean"}


def croissant(facts: CardFacts) -> bytes:
    """The JSON-LD document: the files, and for tables the fields, so that readers such as
    mlcroissant can load them."""
    tables = [f for f in facts.files if f.encoding_format in _TABLES]
    day = facts.created_at.date()
    document: dict[str, JsonValue] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [CONFORMS_TO, RAI_CONFORMS_TO],
        "name": facts.title,
        "description": f"{facts.tally.exported} synthetic images with the record of their making.",
        "datePublished": day.isoformat(),
        "version": f"{day.year}.{day.month}.{day.day}",  # Semantic versions have no leading zeros.
        **responsible_use(facts),
        "distribution": [_file(file) for file in facts.files],
        "recordSet": [_record_set(table, facts) for table in tables],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


def _file(file: WrittenFile) -> JsonValue:
    return {
        "@type": "cr:FileObject",
        "@id": file.name,
        "name": file.name,
        "contentUrl": file.name,
        "contentSize": f"{file.size_bytes} B",
        "encodingFormat": file.encoding_format,
        "sha256": file.sha256,
    }


def _record_set(table: WrittenFile, facts: CardFacts) -> JsonValue:
    """The records of one table: all of them, or those of one split."""
    name = f"records_{table.split}" if table.split else "records"
    fields = _fields_of_table(table, facts, name)
    return {"@type": "cr:RecordSet", "@id": name, "name": name, "field": fields}


def _fields_of_table(table: WrittenFile, facts: CardFacts, records: str) -> list[JsonValue]:
    """The fields of a table. Croissant has no type for objects without fixed fields: where the
    table has them as text, they are text fields, else they are left out."""
    fields = [_image_field(table, records)] if table.encoding_format == _PARQUET else []
    for path, column in _columns(facts):
        name, inner = path, ""
        if facts.encoding != "text":
            name, _, inner = path.partition(".")
        source: dict[str, JsonValue] = {
            "fileObject": {"@id": table.name},
            "extract": {"column": name},
        }
        if inner:
            source["transform"] = {"jsonPath": inner}
        numbered = table.encoding_format == _PARQUET and column.type == "class"
        shown = replace(column, type="int64") if numbered else column
        fields.append(_field(f"{records}/{path}", path, shown, source))
    return fields


def _columns(facts: CardFacts) -> Iterator[tuple[str, Column]]:
    if facts.encoding == "text":
        yield from ((c.name, replace(c, type=_AS_TEXT.get(c.type, c.type))) for c in facts.columns)
        return
    for path, column in leaves(facts.columns):
        if column.type != "json" or facts.encoding == "typed":
            yield path, column


def _image_field(table: WrittenFile, records: str) -> JsonValue:
    return {
        "@type": "cr:Field",
        "@id": f"{records}/image",
        "name": "image",
        "description": "The image",
        "dataType": "sc:ImageObject",
        "source": {
            "fileObject": {"@id": table.name},
            "extract": {"column": "image"},
            "transform": {"jsonPath": "bytes"},
        },
    }


def _field(id_: str, path: str, column: Column, source: JsonValue) -> JsonValue:
    field: dict[str, JsonValue] = {
        "@type": "cr:Field",
        "@id": id_,
        "name": path,
        "description": column.description,
        "dataType": "sc:DateTime" if path.endswith("_at") else _TYPES.get(column.type, "sc:Text"),
        "source": source,
    }
    if column.type == "strings":
        field["repeated"] = True
    return field
