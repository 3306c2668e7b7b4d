"""Marks, the log of marks and signed sheets on the wire."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from serve_app.schemas.base import ResponseModel

SignatureWord = Literal["trusted", "development", "unknown", "invalid"]


class LogEntryOut(ResponseModel):
    """A line of the log of marks."""

    segment: str
    n: int = Field(description="Number of the line in its chain.")
    time: str
    event: str
    path: str = Field(description="Where the file was stored. It may be gone since.")


class WatermarkOut(ResponseModel):
    """What was read from the pixels, held against the word of this service's config."""

    found: bool = Field(description="Whether so many bits agree that chance explains it no longer.")
    word: str = Field(description="The 32 bits that were read, as eight hexadecimal digits.")
    agreeing_bits: int = Field(ge=0, le=32, description="Bits that are as in the service's word.")
    of_bits: int = Field(description="Bits of a word: 32.")
    chance: float = Field(
        ge=0, le=1, description="Probability that as many agree in a picture without a watermark."
    )


class Verification(ResponseModel):
    """What the mark of an image says, and whether to believe it."""

    mark: Literal["present", "absent", "unreadable"]
    signature: SignatureWord | None = Field(
        description="trusted: by a certificate that this service trusts; development: by a key "
        "that an installation made for itself; unknown: it holds, its signer is not known here; "
        "invalid: it does not hold; null: no mark."
    )
    changed: bool | None = Field(
        description="Whether any byte changed since the mark was made; null where nothing tells."
    )
    made_by_ai: bool | None = Field(description="Whether the mark says so; null without a mark.")
    signer: dict[str, JsonValue] | None
    claims: dict[str, JsonValue] = Field(description="What this software put into the mark.")
    recipe: dict[str, JsonValue] | None = Field(description="As it stands in the file.")
    recipe_matches: bool | None = Field(
        description="Whether it is the recipe that was marked; null where nothing tells."
    )
    log: LogEntryOut | None = Field(description="Its line in this service's log of marks.")
    watermark: WatermarkOut | None = Field(
        default=None, description="Of the pixels; null where it was not asked for."
    )
    problems: list[str]
    summary: str = Field(description="All of this in a sentence.")


class LogReport(ResponseModel):
    """Whether the log of marks is whole."""

    intact: bool
    chains: int
    segments: int
    entries: int
    torn: int = Field(description="Last lines that a crash cut off.")
    problems: list[str] = Field(description="Where a chain does not hold, the first 100.")


class SignedDataset(ResponseModel):
    """The signed sheet of a dataset."""

    name: str
    sheet_path: str
    file_count: int
    size_bytes: int
    digest: str = Field(description="SHA-256 of the list of all digests and paths.")
    signature: Literal["development", "own"] = Field(
        description="development: by a key that this installation made, which nobody trusts."
    )
    summary: dict[str, JsonValue]


class SheetReport(ResponseModel):
    """A dataset held against its signed sheet."""

    dataset: str
    signature: SignatureWord
    signer: str
    signed_at: str
    summary: dict[str, JsonValue]
    unchanged: bool
    counts: dict[str, int]
    added: list[str] = Field(description="The first 100, as in the two lists that follow.")
    lost: list[str]
    changed: list[str]
    log_lost: list[str] = Field(description="Segments of the log of marks that were cut since.")
    problems: list[str]
