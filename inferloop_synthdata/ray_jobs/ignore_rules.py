"""Reads `.gitignore` and `.rayignore` (https://git-scm.com/docs/gitignore): which files are not
packaged."""

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
    """The line began with `!`: a path that an earlier line excluded is included again."""


class IgnoreRules:
    """Rules in the order of their lines. For each path, the last rule that matches it applies."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._rules = [rule for rule in map(_rule, lines) if rule is not None]

    @classmethod
    def of_folder(cls, folder: Path) -> IgnoreRules:
        """The rules of `.gitignore` and then `.rayignore` in `folder`. Files of these names in
        folders below it are not read. Raises `OSError` if one cannot be read."""
        lines: list[str] = []
        for name in (".gitignore", ".rayignore"):
            path = folder / name
            if path.is_file():
                # Not `str.splitlines`: it splits at Unicode line ends too, which names may contain.
                lines += path.read_text(encoding="utf-8-sig").split("\n")
        return cls(lines)

    def leaves_out(self, path: str, is_folder: bool) -> bool:
        """Whether `path` (POSIX, relative to the folder) is excluded. Does not look at the folders
        above it; the caller does not enter a folder that is excluded."""
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
    # With a slash that is not the last character, the pattern starts at the top folder. Without
    # one, it matches at any depth.
    anchored = "/" in text
    expression = "".join(map(_translate, _TOKEN.findall(text.lstrip("/"))))
    try:
        pattern = re.compile(("" if anchored else "(?:.*/)?") + expression)
    except re.error:  # a reversed range such as [z-a]: it matches nothing, as in Git
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
    return re.escape(token[-1])  # a plain character, or one behind a backslash
