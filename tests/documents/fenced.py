"""Fenced code blocks of the documents, and the comments above them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md")])
_OPENING = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\s*$")
_EXCERPT = re.compile(r"^ *<!-- excerpt: (?P<why>.+) -->\s*$")


@dataclass(frozen=True)
class Block:
    """One fenced block. `excerpt`: the reason, given above the block, why no test runs it."""

    document: str
    line: int
    language: str
    text: str
    excerpt: str | None


def blocks(path: Path) -> Iterator[Block]:
    """The blocks of a document, in order."""
    lines = path.read_text(encoding="utf-8").splitlines()
    number = 0
    while number < len(lines):
        opening = _OPENING.match(lines[number])
        if opening is None:
            number += 1
            continue
        indent = opening["indent"]
        end = next(n for n in range(number + 1, len(lines)) if lines[n].strip() == "```")
        said = _EXCERPT.match(lines[number - 1]) if number else None
        inside = [line.removeprefix(indent) for line in lines[number + 1 : end]]
        yield Block(
            path.relative_to(ROOT).as_posix(),
            number + 1,
            opening["language"],
            "\n".join(inside) + "\n",
            said["why"] if said else None,
        )
        number = end + 1
