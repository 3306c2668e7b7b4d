"""API models of marks, the log of marks and signed sheets."""

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
    path: str = Field(description="Where the file was stored. It may have been deleted since.")


class WatermarkOut(ResponseModel):
    """The watermark bits read from the pixels, compared with the word in the service's config."""

    found: bool = Field(description="Whether enough bits agree to exclude chance.")
    word: str = Field(description="The 32 bits that were read, as eight hexadecimal digits.")
    agreeing_bits: int = Field(
        ge=0, le=32, description="Number of bits that agree with the service's word."
    )
    of_bits: int = Field(description="Number of bits of a word: 32.")
    chance: float = Field(
        ge=0,
        le=1,
        description="Probability that as many or more bits agree in a picture without a watermark.",
    )


class Verification(ResponseModel):
    """The content of an image's mark, and whether its signature is valid."""

    mark: Literal["present", "absent", "unreadable"]
    signature: SignatureWord | None = Field(
        description="trusted: valid, by a certificate that this service trusts. development: "
        "valid, by a development key. unknown: valid, by an unknown signer. invalid: not valid. "
        "null: no mark."
    )
    changed: bool | None = Field(
        description="Whether the file was changed after it was marked; null if unknown."
    )
    made_by_ai: bool | None = Field(
        description="Whether the mark says that AI made the image; null without a mark."
    )
    signer: dict[str, JsonValue] | None
    claims: dict[str, JsonValue] = Field(description="Statements of this service in the mark.")
    recipe: dict[str, JsonValue] | None = Field(description="The recipe in the file.")
    recipe_matches: bool | None = Field(
        description="Whether the recipe in the file is the one that was marked; null if unknown."
    )
    log: LogEntryOut | None = Field(
        description="The line about the file in this service's log of marks; null if there is none."
    )
    watermark: WatermarkOut | None = Field(
        default=None, description="The watermark in the pixels; null if it was not requested."
    )
    problems: list[str]
    summary: str = Field(description="The result as a sentence.")


class LogReport(ResponseModel):
    """The result of checking the log of marks."""

    intact: bool
    chains: int
    segments: int
    entries: int
    torn: int = Field(description="Number of incomplete last lines, left by crashes.")
    problems: list[str] = Field(
        description="The first 100 places where a line was changed or removed."
    )


class SignedDataset(ResponseModel):
    """The signed sheet of a dataset."""

    name: str
    sheet_path: str
    file_count: int
    size_bytes: int
    digest: str = Field(description="SHA-256 of the list of all digests and paths.")
    signature: Literal["development", "own"] = Field(
        description="development: by a development key, which nobody else trusts. own: by the "
        "configured key."
    )
    summary: dict[str, JsonValue]


class SheetReport(ResponseModel):
    """The result of comparing a dataset with its signed sheet."""

    dataset: str
    signature: SignatureWord
    signer: str
    signed_at: str
    summary: dict[str, JsonValue]
    unchanged: bool
    counts: dict[str, int]
    added: list[str] = Field(
        description="Files that are not in the sheet. This list and the next two have at most 100."
    )
    lost: list[str]
    changed: list[str]
    log_lost: list[str] = Field(
        description="Files of the log of marks that were changed or shortened since the signature."
    )
    problems: list[str]
