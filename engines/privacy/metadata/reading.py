"""Checks all metadata of a file: converts them to statements, then searches their texts."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from engines.privacy.metadata.budget import TextBudget
from engines.privacy.metadata.exif import exif_statements
from engines.privacy.metadata.iptc import iptc_statements
from engines.privacy.metadata.statement import OWNER_WORDS, Statement
from engines.privacy.metadata.xmp import xmp_statements
from engines.privacy.pii import masked
from engines.privacy.severity import SEVERITY
from engines.types import PrivacyIssue

if TYPE_CHECKING:
    from engines.images import Metadata
    from engines.privacy.config import MetadataConfig
    from engines.privacy.model import PiiDetector
    from engines.protocols import Clock

_NOT_PERSONAL_HERE = "url"  # many metadata formats contain links to their specification
_MOST_LISTED = 100


class MetadataReader:
    """Finds personal data in metadata. It keeps no state, so threads may share it."""

    def __init__(
        self, config: MetadataConfig, pii: PiiDetector, clock: Clock = time.thread_time
    ) -> None:
        self._config = config
        self._pii = pii
        self._clock = clock

    def read(self, metadata: Metadata) -> tuple[PrivacyIssue, ...]:
        """The issues of a file's metadata, each one once: first fields that are personal by their
        meaning (such as an owner's name), then personal data in texts, then parts that are damaged
        or were not checked. At most 100 findings are listed."""
        if not self._config.enabled:
            return ()
        damaged, unread = list(metadata.damaged), list(metadata.unread)
        statements = []
        for statement in _statements(metadata, self._config.recipe_keywords):
            if isinstance(statement, Statement):
                statements.append(statement)
            else:
                damaged.append(statement)
        budget = TextBudget(
            self._config.max_text_characters, self._config.max_text_cpu_s, self._clock
        )
        issues = dict.fromkeys(_told(statements))
        issues.update(dict.fromkeys(self._found(statements, budget)))
        if budget.spent:
            unread.append("texts")
        listed = list(issues)[:_MOST_LISTED]
        if len(issues) > _MOST_LISTED:
            unread.append(f"more than {_MOST_LISTED} findings")
        return (*listed, *_gaps("metadata_damaged", "damaged", damaged), *_not_checked(unread))

    def _found(self, statements: Sequence[Statement], budget: TextBudget) -> Iterator[PrivacyIssue]:
        for statement in statements:
            for piece in budget.pieces(statement.text):
                yield from self._in_text(statement, piece)

    def _in_text(self, statement: Statement, text: str) -> Iterator[PrivacyIssue]:
        for match in self._pii.find(text):
            kept = statement.search == "all" or match.type == statement.search
            if kept and match.type != _NOT_PERSONAL_HERE:
                shown = masked(match.type, match.text)
                yield _issue(match.type, statement.detector, statement.where, shown)


def _statements(metadata: Metadata, recipe_keywords: Sequence[str]) -> Iterator[Statement | str]:
    """All statements of the metadata. A string is the name of a format with a damaged block."""
    yield from exif_statements(metadata.exif)
    for packet in metadata.xmp:
        for statement in xmp_statements(packet):
            yield statement or "XMP"
    for block in metadata.iptc:
        for statement in iptc_statements(block):
            yield statement or "IPTC"
    for keyword, text in metadata.texts:
        if keyword in recipe_keywords:
            for name, prompt in _prompts(text):
                yield Statement("png_text", f"the recipe's {name}", prompt)
        else:
            owner = keyword.strip().lower() in OWNER_WORDS
            where = keyword.strip().capitalize() if owner else "text"
            yield Statement("png_text", where, text, "owner_name" if owner else None)


def _told(statements: Sequence[Statement]) -> Iterator[PrivacyIssue]:
    for statement in statements:
        if statement.tells == "gps_location":
            yield _issue(statement.tells, statement.detector, statement.where)
        elif statement.tells is not None and statement.text.strip():
            kind = "serial" if statement.tells == "device_serial" else "metadata"
            shown = masked(kind, statement.text)
            yield _issue(statement.tells, statement.detector, statement.where, shown)


def _not_checked(names: Sequence[str]) -> Iterator[PrivacyIssue]:
    yield from _gaps("metadata_not_checked", "more than is read", names)


def _gaps(kind: str, words: str, names: Sequence[str]) -> Iterator[PrivacyIssue]:
    if names:
        listed = ", ".join(dict.fromkeys(names))[:200]
        yield PrivacyIssue(
            kind, SEVERITY[kind], f"Metadata not checked: {listed} ({words})", "file"
        )


def _issue(kind: str, detector: str, where: str, text: str | None = None) -> PrivacyIssue:
    message = f"{kind.replace('_', ' ')} in the metadata ({where})"
    return PrivacyIssue(kind, SEVERITY[kind], message, detector, text=text)


def _prompts(text: str) -> Iterator[tuple[str, str]]:
    """Name and text of the prompts in the service's recipe. If `text` is not a JSON object, all of
    it is returned."""
    try:
        recipe = json.loads(text)
    except (ValueError, RecursionError):
        yield "text", text
        return
    if not isinstance(recipe, dict):
        yield "text", text
        return
    parameters = recipe.get("parameters")
    for part in (recipe, parameters if isinstance(parameters, dict) else {}):
        for name in ("prompt", "negative_prompt"):
            if isinstance(part.get(name), str):
                yield name, part[name]
