"""Endpoints of provenance: marks in images, the log of marks, signed data sheets of datasets."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from inferloop_synthdata.answers.answer import Answer
from inferloop_synthdata.errors import JsonValue
from inferloop_synthdata.operations.operation import Operation, Upload, read_answer
from inferloop_synthdata.operations.parts import get, segment

Signature = Literal["trusted", "development", "unknown", "invalid"]


class Verification(Answer):
    """Result of checking an image's mark. docs/provenance.md describes each field."""

    mark: Literal["present", "absent", "unreadable"]
    signature: Signature | None
    changed: bool | None
    made_by_ai: bool | None
    signer: dict[str, JsonValue] | None
    claims: dict[str, JsonValue]
    recipe: dict[str, JsonValue] | None
    recipe_matches: bool | None
    log: dict[str, JsonValue] | None
    watermark: dict[str, JsonValue] | None
    problems: list[str]
    summary: str


class LogReport(Answer):
    """The result of checking the service's log of marks."""

    intact: bool
    chains: int
    segments: int
    entries: int
    torn: int
    problems: list[str]


class SignedDataset(Answer):
    """A signed dataset, with the path of its data sheet."""

    name: str
    sheet_path: str
    file_count: int
    size_bytes: int
    digest: str
    signature: Literal["development", "own"]
    summary: dict[str, JsonValue]


class SheetReport(Answer):
    """The result of comparing a dataset with its signed data sheet."""

    dataset: str
    signature: Signature
    signer: str
    signed_at: str
    summary: dict[str, JsonValue]
    unchanged: bool
    counts: dict[str, int]
    added: list[str]
    lost: list[str]
    changed: list[str]
    log_lost: list[str]
    problems: list[str]


def verify_image(image: str | Path | bytes, *, watermark: bool = False) -> Operation[Verification]:
    """Read the mark of a local image and check its signature (`POST /verify`). With `watermark`,
    the watermark in its pixels is read too. The service does not store the image."""
    source = image if isinstance(image, bytes) else Path(image)
    name = "image" if isinstance(source, bytes) else source.name
    parse = read_answer(Verification, "mark", "summary")
    upload = Upload(name, source)
    return Operation("POST", "/verify", parse, True, _also(watermark), upload=upload)


def verify_stored(path: str, *, watermark: bool = False) -> Operation[Verification]:
    """As `verify_image`, for an image that is stored on the server."""
    parse = read_answer(Verification, "mark", "summary")
    return Operation("POST", "/verify", parse, True, query={"path": path} | _also(watermark))


def _also(watermark: bool) -> dict[str, str]:
    return {"watermark": "true"} if watermark else {}


def check_log() -> Operation[LogReport]:
    """Check whether the service's log of marks is complete and unchanged (`GET /marks/log`)."""
    return get("/marks/log", LogReport, "intact")


def sign_dataset(name: str) -> Operation[SignedDataset]:
    """Write and sign a data sheet of the dataset (`POST /datasets/{name}/sign`). It replaces an
    older one."""
    parse = read_answer(SignedDataset, "sheet_path", "digest")
    return Operation("POST", f"/datasets/{segment(name)}/sign", parse, True)


def check_dataset(name: str) -> Operation[SheetReport]:
    """Compare a dataset with its signed data sheet (`GET /datasets/{name}/sheet`)."""
    return get(f"/datasets/{segment(name)}/sheet", SheetReport, "unchanged")
