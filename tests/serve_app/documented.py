"""Examples of the documents, to be run as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = "http://localhost:8000"
"""Where the documents find the service; a test puts its own in place of it."""


def blocks(document: str, language: str) -> list[str]:
    """The document's fenced blocks of a language, in order."""
    text = (ROOT / document).read_text(encoding="utf-8")
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return found
