"""Small pieces of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def cell(text: object) -> str:
    """Text in a table: one line, without the table's own sign, braces and tags as they are."""
    flat = re.sub(r"\s+", " ", str(text)).strip()
    return flat.replace("|", "\\|").replace("<", "&lt;")


def code(text: object) -> str:
    """A word as code in a table; nothing for nothing."""
    flat = re.sub(r"\s+", " ", str(text)).strip()
    return f"`{flat}`".replace("|", "\\|") if flat else ""


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are Markdown already."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines) + "\n"
