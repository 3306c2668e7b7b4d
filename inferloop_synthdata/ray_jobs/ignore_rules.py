"""What `.gitignore` and `.rayignore` leave out of a package (https://git-scm.com/docs/gitignore)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_TOKEN = re.compile(r"\\.|\*\*/?|\*|\?|\[[^]]+]|.")


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    folders_only: bool
    keeps: bool
    """A line with `!`: takes back what an earlier line left out."""


class IgnoreRules:
    """Rules in the order of their lines; the last one that matches a path decides."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._rules = [rule for rule in map(_rule, lines) if rule is not None]

    @classmethod
    def of_folder(cls, folder: Path) -> IgnoreRules:
        """The rules of the two files at the top of `folder`; files further down are not read."""
        lines: list[str] = []
        for name in (".gitignore", ".rayignore"):
            path = folder / name
            if path.is_file():
                # Not `str.splitlines`: a name may hold what Unicode calls a line end.
                lines += path.read_text(encoding="utf-8-sig").split("\n")
        return cls(lines)

    def leaves_out(self, path: str, is_folder: bool) -> bool:
        """Whether the relative POSIX `path` is left out. Below a folder that is, all is."""
        left_out = False
        for rule in self._rules:
            if (is_folder or not rule.folders_only) and rule.pattern.fullmatch(path):
                left_out = not rule.keeps
        return left_out


def _rule(line: str) -> _Rule | None:
    text = line.rstrip()
    if not text or text.startswith("#"):
        return None
    keeps = text.startswith("!")
    text = text.removeprefix("!")
    folders_only = text.endswith("/")
    text = text.rstrip("/")
    # A slash before the end ties the pattern to the top; without one it holds at any depth.
    anchored = "/" in text
    expression = "".join(map(_translate, _TOKEN.findall(text.lstrip("/"))))
    try:
        pattern = re.compile(("" if anchored else "(?:.*/)?") + expression)
    except re.error:  # a range that runs backwards: it matches nothing, as in Git
        return None
    return _Rule(pattern, folders_only, keeps)


def _translate(token: str) -> str:
    if token == "**/":
        return "(?:.*/)?"
    if token == "**":
        return ".*"
    if token == "*":
        return "[^/]*"
    if token == "?":
        return "[^/]"
    if token.startswith("[") and token.endswith("]") and len(token) > 2:
        return "[^" + token[2:] if token[1] == "!" else token
    return re.escape(token[-1])  # behind a backslash, a character is itself
