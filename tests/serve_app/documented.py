"""Reads the examples in the documents, which tests run."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = "http://localhost:8000"
"""Address of the service in the documents. Tests replace it."""


def blocks(document: str, language: str) -> list[str]:
    """The fenced code blocks of a language in the document, in order."""
    text = (ROOT / document).read_text(encoding="utf-8")
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return found
