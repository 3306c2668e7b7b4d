"""Croissant 1.0 (MLCommons): the export as JSON-LD that dataset tools understand.

https://docs.mlcommons.org/croissant/docs/croissant-spec.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from engines.export.schema import Column, leaves

if TYPE_CHECKING:
    from engines.errors import JsonValue
    from engines.export.card import CardFacts
    from engines.export.model import WrittenFile

_CONTEXT: dict[str, JsonValue] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
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
_TYPES = {"int64": "sc:Integer", "float64": "sc:Float", "bool": "sc:Boolean"}


def croissant(facts: CardFacts) -> bytes:
    """The JSON-LD document. Fields are described where a table (JSONL, Parquet) holds them."""
    tables = [f for f in facts.files if f.encoding_format != "application/x-tar"]
    document: dict[str, JsonValue] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": facts.title,
        "description": f"{facts.tally.exported} synthetic images with the record of their making.",
        "datePublished": facts.created_at.date().isoformat(),
        "version": f"{facts.created_at:%Y.%m.%d}",
        "distribution": [_file(file) for file in facts.files],
        "recordSet": [_records(table, facts.columns) for table in tables],
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


def _records(table: WrittenFile, columns: tuple[Column, ...]) -> JsonValue:
    by_path = table.encoding_format == "application/jsonlines"
    fields: list[JsonValue] = [
        _field(table, path, column, by_path)
        for path, column in leaves(columns)
        if by_path or "." not in path
    ]
    return {"@type": "cr:RecordSet", "@id": "records", "name": "records", "field": fields}


def _field(table: WrittenFile, path: str, column: Column, by_path: bool) -> JsonValue:
    extract: JsonValue = {"jsonPath": f"$.{path}"} if by_path else {"column": path}
    field: dict[str, JsonValue] = {
        "@type": "cr:Field",
        "@id": f"records/{path}",
        "name": path,
        "description": column.description,
        "dataType": _TYPES.get(column.type, "sc:Text"),
        "source": {"fileObject": {"@id": table.name}, "extract": extract},
    }
    if column.type == "strings":
        field["repeated"] = True
    return field
